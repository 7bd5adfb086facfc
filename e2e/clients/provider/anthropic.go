package provider

import "net/http"

// anthropic writes a reply of Anthropic's messages API.
func (w *writer) anthropic(req *request, r *Reply) {
	u := r.Usage
	usage := object{
		"input_tokens":                u.Input - u.CacheRead - u.CacheWrite, // here the cached tokens are counted apart
		"cache_creation_input_tokens": u.CacheWrite, "cache_read_input_tokens": u.CacheRead,
		"cache_creation": object{"ephemeral_5m_input_tokens": u.CacheWrite, "ephemeral_1h_input_tokens": 0},
		"output_tokens":  u.Output, "service_tier": "standard",
	}
	stop := [...]string{"end_turn", "max_tokens", "refusal"}[r.Finish]
	text := r.Text
	switch {
	case r.Call != nil:
		stop = "tool_use"
	case r.Refusal != "":
		stop, text = "refusal", r.Refusal
	}
	content := []object{}
	if r.Reasoning != "" {
		content = append(content, object{"type": "thinking", "thinking": r.Reasoning, "signature": "c2ln"})
	}
	if c := r.Call; c != nil {
		input, ok := c.parsed()
		if !ok {
			input = object{} // only a stream can carry arguments that are not JSON
		}
		content = append(content, object{"type": "tool_use", "id": "toolu_" + w.id, "name": c.Name, "input": input})
	} else if text != "" {
		content = append(content, object{"type": "text", "text": text})
	}
	full := object{
		"id": "msg_" + w.id, "type": "message", "role": "assistant", "model": answering(req.Model), "content": content,
		"stop_reason": stop, "stop_sequence": nil, "usage": usage,
	}
	if !req.Stream {
		w.send(http.StatusOK, full)
		return
	}
	started := with(with(full, "content", []any{}), "stop_reason", nil)
	started["usage"] = with(usage, "output_tokens", 1)
	events := []object{{"type": "message_start", "message": started}}
	for i, block := range content {
		events = append(events, blockEvents(i, block, r.Call)...)
	}
	events = append(events, object{
		"type": "message_delta", "delta": object{"stop_reason": stop, "stop_sequence": nil},
		"usage": object{"output_tokens": u.Output},
	}, object{"type": "message_stop"})
	w.stream(events, true, "")
}

// blockEvents streams one content block.
func blockEvents(index int, block object, call *Call) []object {
	delta := func(kind, field, value string) object {
		return object{"type": "content_block_delta", "index": index, "delta": object{"type": kind, field: value}}
	}
	var empty object
	var deltas []object
	switch block["type"] {
	case "text":
		empty = with(block, "text", "")
		for _, t := range words(block["text"].(string)) {
			deltas = append(deltas, delta("text_delta", "text", t))
		}
	case "thinking":
		empty = with(with(block, "thinking", ""), "signature", "")
		deltas = append(deltas, delta("thinking_delta", "thinking", block["thinking"].(string)),
			delta("signature_delta", "signature", block["signature"].(string)))
	default:
		empty = with(block, "input", object{})
		for _, t := range pieces(call.Arguments) {
			deltas = append(deltas, delta("input_json_delta", "partial_json", t))
		}
	}
	events := append([]object{{"type": "content_block_start", "index": index, "content_block": empty}}, deltas...)
	return append(events, object{"type": "content_block_stop", "index": index})
}
