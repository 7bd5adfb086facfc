package provider

import "net/http"

// chat writes a reply of OpenAI's chat completions.
func (w *writer) chat(req *request, r *Reply) {
	base := func(kind string, choices []object) object {
		return object{
			"id": "chatcmpl-" + w.id, "object": kind, "created": created, "model": answering(req.Model),
			"system_fingerprint": "fp_44709d6fcb", "service_tier": "default", "choices": choices,
		}
	}
	finish := [...]string{"stop", "length", "content_filter"}[r.Finish]
	if r.Call != nil {
		finish = "tool_calls"
	}
	if !req.Stream {
		m := object{"role": "assistant", "content": r.Text, "refusal": nil, "annotations": []any{}}
		if r.Refusal != "" {
			m["content"], m["refusal"] = nil, r.Refusal
		}
		if c := r.Call; c != nil {
			m["content"] = nil
			m["tool_calls"] = []object{{
				"id": "call_" + w.id, "type": "function", "function": object{"name": c.Name, "arguments": c.Arguments},
			}}
		}
		body := base("chat.completion", []object{{"index": 0, "message": m, "logprobs": nil, "finish_reason": finish}})
		body["usage"] = chatUsage(r.Usage)
		w.send(http.StatusOK, body)
		return
	}
	var events []object
	add := func(delta object, finish any) {
		e := base("chat.completion.chunk", []object{
			{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish},
		})
		if req.StreamOptions.IncludeUsage {
			e["usage"] = nil
		}
		events = append(events, e)
	}
	add(object{"role": "assistant", "content": "", "refusal": nil}, nil)
	for _, t := range words(r.Refusal) {
		add(object{"refusal": t}, nil)
	}
	if c := r.Call; c != nil {
		add(object{"tool_calls": []object{{
			"index": 0, "id": "call_" + w.id, "type": "function", "function": object{"name": c.Name, "arguments": ""},
		}}}, nil)
		for _, t := range pieces(c.Arguments) {
			add(object{"tool_calls": []object{{"index": 0, "function": object{"arguments": t}}}}, nil)
		}
	} else {
		for _, t := range words(r.Text) {
			add(object{"content": t}, nil)
		}
	}
	add(object{}, finish)
	if req.StreamOptions.IncludeUsage {
		e := base("chat.completion.chunk", []object{})
		e["usage"] = chatUsage(r.Usage)
		events = append(events, e)
	}
	w.stream(events, false, "data: [DONE]\n\n")
}

func chatUsage(u Usage) object {
	return object{
		"prompt_tokens": u.Input, "completion_tokens": u.Output, "total_tokens": u.Input + u.Output,
		"prompt_tokens_details": object{"cached_tokens": u.CacheRead, "audio_tokens": 0},
		"completion_tokens_details": object{
			"reasoning_tokens": u.Reasoning, "audio_tokens": 0,
			"accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
		},
	}
}
