package genai

import (
	"bytes"
	"encoding/json"
)

// Value is a JSON value or a text, as it was recorded. Structured is true where Text is the JSON text of a value that
// was recorded as a value, not as a string that happens to hold JSON.
type Value struct {
	Text       string
	Structured bool
}

// IsZero reports whether nothing was recorded.
func (v Value) IsZero() bool { return v.Text == "" && !v.Structured }

// MarshalJSON writes a structured value, and a text that holds a JSON object or array, as JSON. Any other text is a
// string.
func (v Value) MarshalJSON() ([]byte, error) {
	if b := bytes.TrimSpace([]byte(v.Text)); len(b) > 0 && (v.Structured || b[0] == '{' || b[0] == '[') && json.Valid(b) {
		return b, nil
	}
	return json.Marshal(v.Text)
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (v *Value) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		v.Structured = false
		return json.Unmarshal(b, &v.Text)
	}
	*v = Value{Text: string(b), Structured: true}
	return nil
}

// Opt is a value that may be absent.
type Opt[T any] struct {
	Value T
	Set   bool
}

// Some returns a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{Value: v, Set: true} }

// IsZero reports absence, so that `omitzero` leaves an absent value out.
func (o Opt[T]) IsZero() bool { return !o.Set }

// Or returns the value, or the given one where it is absent.
func (o Opt[T]) Or(other T) T {
	if o.Set {
		return o.Value
	}
	return other
}

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.Set {
		return []byte("null"), nil
	}
	return json.Marshal(o.Value)
}

// UnmarshalJSON reads the value; null is absence.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*o = Opt[T]{}
		return nil
	}
	o.Set = true
	return json.Unmarshal(b, &o.Value)
}
