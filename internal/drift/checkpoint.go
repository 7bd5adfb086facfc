package drift

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

// The first byte of a checkpoint: its kind and version. A checkpoint of another version is not read.
const (
	seriesVersion = 0x11
	costVersion   = 0x21
)

// ErrCheckpoint is returned when the data is not a checkpoint of this version.
var ErrCheckpoint = errors.New("drift: not a checkpoint of this version")

// MarshalBinary writes the state of a series. Hours without scores take no space.
func (s *Series) MarshalBinary() ([]byte, error) {
	w := writer{seriesVersion}
	w.bool(s.begun)
	if !s.begun {
		return w, nil
	}
	w.int(s.bin)
	w.int(s.first)
	for _, f := range []float64{s.open.n, s.open.sum, s.slow, s.fast} {
		w.float(f)
	}
	for _, n := range s.recent {
		w.float(n)
	}
	now := hour(s.bin)
	for h := now; h > now-keptHours; h-- {
		if t := s.at(h); t.n > 0 {
			w.int(now - h + 1)
			w.float(t.n)
			w.float(t.sum)
		}
	}
	w.int(0)
	return w, nil
}

// UnmarshalBinary reads the output of MarshalBinary. The series continues as if it had never stopped. Parent is
// unchanged.
func (s *Series) UnmarshalBinary(b []byte) error {
	r := reader{b: b, ok: true}
	r.version(seriesVersion)
	read := Series{Parent: s.Parent, begun: r.bool()}
	if read.begun {
		read.bin = r.int(maxBin - 1)
		now := hour(read.bin)
		read.first = r.int(now)
		read.open.n = r.float(maxScores)
		read.open.sum = r.float(read.open.n)
		read.slow, read.fast = r.float(Slow.Ceiling()), r.float(Fast.Ceiling())
		for i := range read.recent {
			read.recent[i] = r.float(maxScores)
		}
		for last := int64(0); r.ok; {
			ago := r.int(keptHours)
			if ago == 0 {
				break
			}
			if ago <= last {
				return ErrCheckpoint
			}
			last = ago
			t := read.at(now - ago + 1)
			t.n = r.float(float64(binsAnHour) * maxScores)
			t.sum = r.float(t.n)
		}
	}
	if !r.done() {
		return ErrCheckpoint
	}
	read.usual = read.fit()
	*s = read
	return nil
}

// MarshalBinary writes the state of a service's cost.
func (c *Cost) MarshalBinary() ([]byte, error) {
	w := writer{costVersion}
	w.bool(c.begun)
	if !c.begun {
		return w, nil
	}
	w.int(c.hour)
	w.int(c.first)
	for h := c.hour; h > c.hour-costHours; h-- {
		w.float(*c.at(h))
	}
	return w, nil
}

// UnmarshalBinary reads the output of MarshalBinary.
func (c *Cost) UnmarshalBinary(b []byte) error {
	r := reader{b: b, ok: true}
	r.version(costVersion)
	read := Cost{begun: r.bool()}
	if read.begun {
		read.hour = r.int(maxHour - 1)
		read.first = r.int(read.hour)
		for h := read.hour; h > read.hour-costHours; h-- {
			*read.at(h) = r.float(maxUSD)
		}
	}
	if !r.done() {
		return ErrCheckpoint
	}
	*c = read
	return nil
}

// writer appends numbers in a compact encoding.
type writer []byte

func (w *writer) bool(v bool) {
	if v {
		*w = append(*w, 1)
	} else {
		*w = append(*w, 0)
	}
}

func (w *writer) int(v int64) { *w = binary.AppendUvarint(*w, uint64(v)) }

// float reverses the bytes: round numbers end in zero bytes, which a varint then omits.
func (w *writer) float(v float64) {
	*w = binary.AppendUvarint(*w, bits.ReverseBytes64(math.Float64bits(v)))
}

// reader reads numbers until the first invalid one.
type reader struct {
	b  []byte
	ok bool
}

func (r *reader) version(want byte) {
	if len(r.b) == 0 || r.b[0] != want {
		r.ok = false
		return
	}
	r.b = r.b[1:]
}

func (r *reader) uvarint() uint64 {
	if !r.ok {
		return 0
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.ok = false
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bool() bool {
	v := r.uvarint()
	r.ok = r.ok && v <= 1
	return v == 1
}

func (r *reader) int(most int64) int64 {
	v := r.uvarint()
	if v > uint64(most) {
		r.ok = false
		return 0
	}
	return int64(v)
}

// float reads a number between 0 and most.
func (r *reader) float(most float64) float64 {
	v := math.Float64frombits(bits.ReverseBytes64(r.uvarint()))
	if !(v >= 0 && v <= most) {
		r.ok = false
		return 0
	}
	return v
}

func (r *reader) done() bool { return r.ok && len(r.b) == 0 }
