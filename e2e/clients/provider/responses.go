package provider

import (
	"maps"
	"net/http"
)

// responses writes a reply of OpenAI's Responses API.
func (w *writer) responses(req *request, r *Reply) {
	items := w.items(r)
	status, incomplete, last := "completed", any(nil), "response.completed"
	if reason := [...]string{"", "max_output_tokens", "content_filter"}[r.Finish]; reason != "" {
		status, incomplete, last = "incomplete", object{"reason": reason}, "response.incomplete"
	}
	u := r.Usage
	full := object{
		"id": "resp_" + w.id, "object": "response", "created_at": created, "status": status, "background": false,
		"error": nil, "incomplete_details": incomplete, "model": answering(req.Model), "output": items,
		"instructions": raw(req.Instructions, nil), "max_output_tokens": raw(req.MaxOutput, nil),
		"parallel_tool_calls": true, "previous_response_id": nil, "reasoning": object{"effort": nil, "summary": nil},
		"service_tier": "default", "store": true, "temperature": 1, "tool_choice": "auto", "top_p": 1,
		"text": raw(req.Format, object{"format": object{"type": "text"}}), "tools": raw(req.Tools, []any{}),
		"truncation": "disabled", "user": nil, "metadata": object{},
		"usage": object{
			"input_tokens": u.Input, "input_tokens_details": object{"cached_tokens": u.CacheRead},
			"output_tokens": u.Output, "output_tokens_details": object{"reasoning_tokens": u.Reasoning},
			"total_tokens": u.Input + u.Output,
		},
	}
	if !req.Stream {
		w.send(http.StatusOK, full)
		return
	}
	var s responseStream
	started := maps.Clone(full)
	started["status"], started["output"] = "in_progress", []any{}
	started["usage"], started["incomplete_details"] = nil, nil
	s.add("response.created", object{"response": started})
	s.add("response.in_progress", object{"response": started})
	for i, item := range items {
		s.item(i, item)
	}
	s.add(last, object{"response": full})
	w.stream(s.events, true, "")
}

// items are the output of a response.
func (w *writer) items(r *Reply) []object {
	items := []object{}
	if r.Usage.Reasoning > 0 {
		items = append(items, object{"id": "rs_" + w.id, "type": "reasoning", "summary": []any{}})
	}
	if c := r.Call; c != nil {
		return append(items, object{
			"id": "fc_" + w.id, "type": "function_call", "status": "completed", "arguments": c.Arguments,
			"call_id": "call_" + w.id, "name": c.Name,
		})
	}
	status := "completed"
	content := []object{{"type": "output_text", "annotations": []any{}, "logprobs": []any{}, "text": r.Text}}
	switch {
	case r.Refusal != "":
		content = []object{{"type": "refusal", "refusal": r.Refusal}}
	case r.Finish == Filter && r.Text == "":
		content = []object{}
	}
	if r.Finish != Stop {
		status = "incomplete"
	}
	return append(items, object{
		"id": "msg_" + w.id, "type": "message", "status": status, "role": "assistant", "content": content,
	})
}

// responseStream collects the numbered events of a streamed response.
type responseStream struct{ events []object }

func (s *responseStream) add(kind string, fields object) {
	event := object{"type": kind, "sequence_number": len(s.events)}
	maps.Copy(event, fields)
	s.events = append(s.events, event)
}

func (s *responseStream) item(index int, item object) {
	begun := maps.Clone(item)
	switch item["type"] {
	case "message":
		begun["status"], begun["content"] = "in_progress", []any{}
		s.add("response.output_item.added", object{"output_index": index, "item": begun})
		for i, part := range item["content"].([]object) {
			s.part(item["id"], index, i, part)
		}
	case "function_call":
		begun["status"], begun["arguments"] = "in_progress", ""
		s.add("response.output_item.added", object{"output_index": index, "item": begun})
		at := object{"item_id": item["id"], "output_index": index}
		for _, t := range pieces(item["arguments"].(string)) {
			s.add("response.function_call_arguments.delta", with(at, "delta", t))
		}
		done := with(at, "arguments", item["arguments"])
		s.add("response.function_call_arguments.done", with(done, "name", item["name"]))
	default:
		s.add("response.output_item.added", object{"output_index": index, "item": begun})
	}
	s.add("response.output_item.done", object{"output_index": index, "item": item})
}

func (s *responseStream) part(item any, output, index int, part object) {
	at := object{"item_id": item, "output_index": output, "content_index": index}
	field, kind := "text", "response.output_text"
	if part["type"] == "refusal" {
		field, kind = "refusal", "response.refusal"
	}
	s.add("response.content_part.added", with(at, "part", with(part, field, "")))
	for _, t := range words(part[field].(string)) {
		s.add(kind+".delta", with(with(at, "delta", t), "logprobs", []any{}))
	}
	s.add(kind+".done", with(with(at, field, part[field]), "logprobs", []any{}))
	s.add("response.content_part.done", with(at, "part", part))
}

// with returns a copy of an object with one more field.
func with(o object, key string, value any) object {
	o = maps.Clone(o)
	o[key] = value
	return o
}
