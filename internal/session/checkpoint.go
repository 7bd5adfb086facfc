package session

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// checkpointVersion is the first byte of a written state. Of a state of the version before, what it counted is read.
// States of other versions are not read, and the session starts anew.
const (
	checkpointVersion = 3
	countsVersion     = 2
)

// errCheckpoint is returned when the data is not a checkpoint of this version.
var errCheckpoint = errors.New("session: not a checkpoint of this version")

// counts is the fixed-size part at the start of a checkpoint.
type counts struct {
	Micros, Tokens        int64
	ModelCalls, ToolCalls int32
	Latched               Flags
}

// MarshalBinary writes a state. The same spans give the same bytes in any order.
func (s *State) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// AppendBinary appends what MarshalBinary returns.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	// About the size, so that the buffer does not grow.
	const fixed, id, item = 64, 8, 96
	b = slices.Grow(b, fixed+id*(len(s.seen)+len(s.traces))+item*len(s.window))
	b = append(b, checkpointVersion)
	var err error
	for _, part := range []any{
		counts{s.Micros, s.Tokens, s.ModelCalls, s.ToolCalls, s.latched},
		uint32(len(s.seen)), []uint64(s.seen), uint32(len(s.traces)), []uint64(s.traces), uint32(len(s.window)), s.window,
	} {
		var wrong error
		b, wrong = binary.Append(b, binary.LittleEndian, part)
		err = errors.Join(err, wrong)
	}
	return b, err
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *State) UnmarshalBinary(b []byte) error {
	if len(b) == 0 || b[0] != checkpointVersion && b[0] != countsVersion {
		return errCheckpoint
	}
	r := decoder{b: b[1:]}
	var c counts
	r.read(&c)
	*s = State{Micros: c.Micros, Tokens: c.Tokens, ModelCalls: c.ModelCalls, ToolCalls: c.ToolCalls, latched: c.Latched}
	s.seen, s.traces = list[uint64](&r, maxSpans), list[uint64](&r, maxTraces)
	if !slices.IsSorted(s.seen) || !slices.IsSorted(s.traces) {
		return errCheckpoint
	}
	if b[0] == countsVersion {
		return r.err
	}
	s.window = list[Event](&r, maxWindow)
	if r.err == nil && len(r.b) > 0 {
		r.err = errCheckpoint
	}
	return r.err
}

// decoder reads values until the first error.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) read(v any) {
	if d.err != nil {
		return
	}
	n, err := binary.Decode(d.b, binary.LittleEndian, v)
	if err != nil {
		d.err = fmt.Errorf("%w: %w", errCheckpoint, err)
		return
	}
	d.b = d.b[n:]
}

// list reads a list of at most the given number of values.
func list[T any](d *decoder, most uint32) []T {
	var n uint32
	d.read(&n)
	if n > most {
		d.err = errors.Join(d.err, errCheckpoint)
	}
	if d.err != nil || n == 0 {
		return nil
	}
	values := make([]T, n)
	d.read(values)
	return values
}
