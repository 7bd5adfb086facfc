package provider

import "net/http"

// gemini writes a reply of the Gemini API. It has no refusal of its own: a refused request ends in SAFETY.
func (w *writer) gemini(req *request, r *Reply) {
	u := r.Usage
	usage := object{
		"promptTokenCount": u.Input, "candidatesTokenCount": u.Output - u.Reasoning, "totalTokenCount": u.Input + u.Output,
	}
	if u.CacheRead > 0 {
		usage["cachedContentTokenCount"] = u.CacheRead
	}
	if u.Reasoning > 0 {
		usage["thoughtsTokenCount"] = u.Reasoning
	}
	finish := [...]string{"STOP", "MAX_TOKENS", "SAFETY"}[r.Finish]
	parts := []object{}
	switch {
	case r.Call != nil:
		if args, ok := r.Call.parsed(); ok {
			parts = append(parts, object{"functionCall": object{"name": r.Call.Name, "args": args}})
		} else {
			finish = "MALFORMED_FUNCTION_CALL" // the provider parses the arguments itself
		}
	case r.Refusal != "":
		finish = "SAFETY"
	case r.Text != "":
		parts = append(parts, object{"text": r.Text})
	}
	chunk := func(parts []object, finish string) object {
		content := object{"role": "model"}
		if len(parts) > 0 {
			content["parts"] = parts
		}
		candidate := object{"content": content, "index": 0}
		if finish != "" {
			candidate["finishReason"] = finish
		}
		return object{
			"candidates": []object{candidate}, "usageMetadata": usage, "modelVersion": req.Model, "responseId": w.id,
		}
	}
	if !req.Stream {
		w.send(http.StatusOK, chunk(parts, finish))
		return
	}
	var events []object
	if r.Call == nil {
		for _, t := range words(r.Text) {
			events = append(events, chunk([]object{{"text": t}}, ""))
		}
	} else if len(parts) > 0 {
		events = append(events, chunk(parts, ""))
	}
	w.stream(append(events, chunk(nil, finish)), false, "")
}
