package provider

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// object is a JSON object whose keys the reader of the code needs to see.
type object map[string]any

// writer writes one reply in the format of an API.
type writer struct {
	w   http.ResponseWriter
	id  string
	cut bool
}

// created is the time of every reply.
const created = 1767225600

// dated are the models that answer for a requested alias.
var dated = map[string]string{
	"gpt-4o-mini": "gpt-4o-mini-2024-07-18", "o4-mini": "o4-mini-2025-04-16",
	"claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
}

func answering(model string) string {
	if name, ok := dated[model]; ok {
		return name
	}
	return model
}

// send writes a reply in one piece, or breaks the connection in the middle of it.
func (w *writer) send(status int, body any, headers ...string) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // only objects of this package
	}
	h := w.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Request-Id", "req_"+w.id)
	h.Set("Request-Id", "req_"+w.id)
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	w.w.WriteHeader(status)
	if w.cut {
		w.write(string(text[:len(text)/2]))
		panic(http.ErrAbortHandler)
	}
	w.write(string(text))
}

// pace is the time between events. SDKs see a stream that takes no time in another order.
const pace = time.Millisecond

// stream writes events. Each is named if the API names its events, by its type. end closes a complete stream.
func (w *writer) stream(events []object, named bool, end string) {
	h := w.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Request-Id", "req_"+w.id)
	h.Set("Request-Id", "req_"+w.id)
	for i, event := range events {
		if w.cut && i >= len(events)*3/5 {
			panic(http.ErrAbortHandler)
		}
		text, err := json.Marshal(event)
		if err != nil {
			panic(err) // only objects of this package
		}
		if named {
			w.write("event: " + event["type"].(string) + "\n")
		}
		w.write("data: " + string(text) + "\n\n")
		time.Sleep(pace)
	}
	w.write(end)
}

// write sends a text at once. An error means that the client left, which the next write shows too.
func (w *writer) write(text string) {
	if _, err := w.w.Write([]byte(text)); err == nil {
		w.w.(http.Flusher).Flush()
	}
}

var word = regexp.MustCompile(`\S+\s*`)

// words splits a text as a stream of tokens does.
func words(text string) []string { return word.FindAllString(text, -1) }

// pieces splits arguments as a stream does, without regard to JSON.
func pieces(text string) []string {
	const size = 12
	var list []string
	for len(text) > size {
		list, text = append(list, text[:size]), text[size:]
	}
	return append(list, text)
}

// parsed returns the arguments of a call as an object, and false if they are not JSON.
func (c *Call) parsed() (any, bool) {
	var v any
	err := json.NewDecoder(strings.NewReader(c.Arguments)).Decode(&v)
	return v, err == nil
}

// raw returns a field of the request as it was sent, or null.
func raw(v json.RawMessage, otherwise any) any {
	if len(v) == 0 {
		return otherwise
	}
	return v
}
