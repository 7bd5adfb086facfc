package meter

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
)

// sessionsVersion is the first byte of a checkpoint of sessions.
const sessionsVersion = 1

// marshal writes the open sessions, the longest idle first. It returns nil if nothing changed since the last call.
func (s *sessions) marshal() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changed {
		return nil
	}
	s.changed = false
	place := map[*service]int{}
	var services []serviceKey
	body := []byte{}
	for _, key := range s.open.Keys() {
		e, _ := s.open.Peek(key)
		i, ok := place[e.service]
		if !ok {
			i = len(services)
			place[e.service] = i
			services = append(services, e.service.key)
		}
		body = binary.AppendUvarint(body, uint64(i))
		body = binary.LittleEndian.AppendUint64(body, key)
		body = binary.AppendUvarint(body, uint64(e.turns))
		cost := math.NaN() // unknown
		if e.cost.Set {
			cost = e.cost.Value
		}
		body = binary.LittleEndian.AppendUint64(body, math.Float64bits(cost))
		body = binary.LittleEndian.AppendUint64(body, uint64(e.seen))
	}
	head := binary.AppendUvarint([]byte{sessionsVersion}, uint64(len(services)))
	for _, k := range services {
		for _, text := range [...]string{k.name, k.environment} {
			head = append(binary.AppendUvarint(head, uint64(len(text))), text...)
		}
	}
	return append(head, body...)
}

func (s *sessions) markChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = true
}

// unmarshalSessions reads the output of marshal. A session from the future, because the clock was ahead, counts as seen
// now.
func (m *Meter) unmarshalSessions(b []byte, now time.Time) error {
	r := cursor{b: b}
	if version := r.uvarint(); version != sessionsVersion {
		return errCheckpoint
	}
	n := r.uvarint()
	if n > uint64(len(b)) {
		return errCheckpoint
	}
	services := make([]*service, n)
	for i := range services {
		name, environment := r.text(), r.text()
		if r.bad {
			return errCheckpoint
		}
		services[i] = m.service(name, environment)
	}
	for len(r.b) > 0 {
		i, key, turns := r.uvarint(), r.fixed(), r.uvarint()
		cost, seen := math.Float64frombits(r.fixed()), int64(r.fixed())
		if r.bad || i >= uint64(len(services)) || turns > maxTurns || cost < 0 || cost > maxUSD {
			return errCheckpoint
		}
		e := &session{service: services[i], turns: int64(turns), seen: min(seen, now.UnixNano())}
		if !math.IsNaN(cost) {
			e.cost = genai.Some(cost)
		}
		m.sessions.mu.Lock()
		m.sessions.open.Add(key, e)
		m.sessions.mu.Unlock()
	}
	return nil
}

// cursor reads bytes that may be invalid.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) fixed() uint64 {
	if len(c.b) < 8 {
		c.bad, c.b = true, nil
		return 0
	}
	v := binary.LittleEndian.Uint64(c.b)
	c.b = c.b[8:]
	return v
}

func (c *cursor) text() string {
	n := c.uvarint()
	if n > uint64(len(c.b)) {
		c.bad, c.b = true, nil
		return ""
	}
	s := string(c.b[:n])
	c.b = c.b[n:]
	return s
}
