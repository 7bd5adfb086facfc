package meter

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/faultline-otel/faultline/internal/checkpoint"
	"github.com/faultline-otel/faultline/internal/drift"
)

// Keys of a checkpoint. It has no sums: counters start at 0 with every start, under a new instance ID.
const (
	versionsKey = "versions" // a JSON list of savedVersion, least recently used first
	sessionsKey = "sessions" // the open sessions
	recordsKey  = "records"  // a JSON list of the keys with the prefixes below
	trendPrefix = "trend/"   // then a hash; the value is a JSON header and a drift.Series
	spendPrefix = "spend/"   // then a hash; the value is a JSON header and a drift.Cost
)

// remembered is how long saved drift and cost stay valid: as long as they look back.
const remembered = 14 * 24 * time.Hour

// header identifies a record.
type header struct {
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`

	Scorer        string `json:"scorer,omitempty"`
	Version       string `json:"version,omitempty"`
	Stratum       string `json:"stratum,omitempty"`
	Prompt        string `json:"prompt,omitempty"`
	PromptVersion string `json:"prompt_version,omitempty"`
	Parent        bool   `json:"parent,omitempty"`
	Untrusted     bool   `json:"untrusted,omitempty"`

	Seen int64 `json:"seen"` // Unix seconds
}

func trendHeader(s serviceKey, k *trendKey) header {
	return header{
		Service: s.name, Environment: s.environment, Scorer: k.scorer, Version: k.version, Stratum: k.stratum,
		Prompt: k.prompt, PromptVersion: k.promptVersion, Parent: k.parent, Untrusted: k.untrusted,
	}
}

// key is the key of a header's record. It does not depend on Seen.
func (h header) key(prefix string) string {
	h.Seen = 0
	text, _ := json.Marshal(h) // cannot fail for strings and numbers
	return fmt.Sprintf("%s%016x", prefix, xxhash.Sum64(text))
}

// record is a loaded record that is not in use yet.
type record struct {
	header header
	state  []byte
}

func (r record) marshal() []byte {
	head, _ := json.Marshal(r.header) // cannot fail for strings and numbers
	return append(append(binary.AppendUvarint(nil, uint64(len(head))), head...), r.state...)
}

// records are the records of the last checkpoint. The meter's checkpoint lock guards them.
type records struct {
	unclaimed map[string]record
	written   map[string]int64 // header.Seen of the last written record, by key
}

type savedTrend struct {
	series drift.Series
	seen   int64
}

func (m *Meter) claim(key string, h header) (record, bool) {
	m.checkpoint.Lock()
	defer m.checkpoint.Unlock()
	r, ok := m.saved.unclaimed[key]
	h.Seen = r.header.Seen
	if !ok || r.header != h { // another record with the same hash
		return record{}, false
	}
	delete(m.saved.unclaimed, key)
	return r, true
}

// savedTrend returns a trend from the checkpoint.
func (m *Meter) savedTrend(s serviceKey, k *trendKey) (t savedTrend, ok bool) {
	h := trendHeader(s, k)
	r, ok := m.claim(h.key(trendPrefix), h)
	if !ok {
		return t, false
	}
	t.seen = r.header.Seen
	return t, t.series.UnmarshalBinary(r.state) == nil // readRecord has already checked this
}

// savedCost returns the cost of a service from the checkpoint.
func (m *Meter) savedCost(s serviceKey) (c drift.Cost, ok bool) {
	h := header{Service: s.name, Environment: s.environment}
	r, ok := m.claim(h.key(spendPrefix), h)
	return c, ok && c.UnmarshalBinary(r.state) == nil
}

// shelve keeps the drift and the usual cost of a service whose series end. The caller holds its lock.
func (m *Meter) shelve(s *service, now time.Time) {
	m.checkpoint.Lock()
	defer m.checkpoint.Unlock()
	keep := func(prefix string, h header, state []byte) {
		if len(m.saved.unclaimed) < 2*m.settings.MaxDrift {
			m.saved.unclaimed[h.key(prefix)] = record{h, state}
		}
	}
	for k, t := range s.trends {
		if t.seen > 0 {
			h := trendHeader(s.key, &k)
			h.Seen = t.seen
			state, _ := t.series.MarshalBinary() // cannot fail for numbers
			keep(trendPrefix, h, state)
		}
	}
	if s.spend != nil {
		state, _ := s.spend.cost.MarshalBinary()
		keep(spendPrefix, header{Service: s.key.name, Environment: s.key.environment, Seen: now.Unix() / 60 * 60}, state)
	}
}

// Save writes the state that survives a restart, as far as it changed since the last Save. If it fails, the next Save
// writes the same changes again.
func (m *Meter) Save(store checkpoint.Store, now time.Time) error {
	set := map[string][]byte{}
	versions := m.seen.marshal()
	if versions != nil {
		set[versionsKey] = versions
	}
	sessions := m.sessions.marshal()
	if sessions != nil {
		set[sessionsKey] = sessions
	}
	all, remove := m.marshalRecords(set, now)
	err := store.Write(set, remove)
	if err != nil {
		if versions != nil {
			m.seen.markChanged()
		}
		if sessions != nil {
			m.sessions.markChanged()
		}
		return err
	}
	m.checkpoint.Lock()
	defer m.checkpoint.Unlock()
	m.saved.written = all
	return nil
}

// marshalRecords adds the changed records to set, and the list of keys if that changed. It returns all current records,
// and the keys of removed ones.
func (m *Meter) marshalRecords(set map[string][]byte, now time.Time) (all map[string]int64, remove []string) {
	m.checkpoint.Lock()
	before := m.saved.written
	m.checkpoint.Unlock()
	all = map[string]int64{}
	add := func(prefix string, h header, marshal func() ([]byte, error)) {
		key := h.key(prefix)
		all[key] = h.Seen
		if seen, ok := before[key]; ok && seen == h.Seen {
			return
		}
		state, _ := marshal() // cannot fail for numbers
		set[key] = record{h, state}.marshal()
	}
	for _, s := range m.list() {
		s.mu.Lock()
		for k, t := range s.trends {
			if t.seen > 0 {
				h := trendHeader(s.key, &k)
				h.Seen = t.seen
				add(trendPrefix, h, t.series.MarshalBinary)
			}
		}
		if s.spend != nil {
			h := header{Service: s.key.name, Environment: s.key.environment, Seen: now.Unix() / 60 * 60}
			add(spendPrefix, h, s.spend.cost.MarshalBinary)
		}
		s.mu.Unlock()
	}
	m.checkpoint.Lock()
	for key, r := range m.saved.unclaimed {
		if now.Unix()-r.header.Seen > int64(remembered/time.Second) {
			delete(m.saved.unclaimed, key) // others need the room
			continue
		}
		if _, claimed := all[key]; claimed {
			continue
		}
		all[key] = r.header.Seen
		if seen, ok := before[key]; !ok || seen != r.header.Seen { // of a service that gave its series to others
			set[key] = r.marshal()
		}
	}
	m.checkpoint.Unlock()
	same := len(all) == len(before)
	list := make([]string, 0, len(all))
	for key := range all {
		_, ok := before[key]
		same = same && ok
		list = append(list, key)
	}
	for key := range before {
		if _, ok := all[key]; !ok {
			remove = append(remove, key)
		}
	}
	if !same {
		set[recordsKey], _ = json.Marshal(list)
	}
	return all, remove
}

// errCheckpoint is returned when the data is not a checkpoint of this version.
var errCheckpoint = errors.New("not a checkpoint of this version")

// Load reads the state that Save wrote. Call it before counting starts. Load discards unreadable parts, names all of
// them in the error, and loads the rest.
func (m *Meter) Load(store checkpoint.Store, now time.Time) error {
	var wrong []error
	read := func(key string, take func([]byte) error) {
		value, err := store.Get(key)
		if err == nil && len(value) > 0 {
			err = take(value)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", key, err))
		}
	}
	read(versionsKey, func(b []byte) error { return m.seen.unmarshal(b, now) })
	read(sessionsKey, func(b []byte) error { return m.unmarshalSessions(b, now) })
	var keys []string
	read(recordsKey, func(b []byte) error { return json.Unmarshal(b, &keys) })
	m.checkpoint.Lock()
	defer m.checkpoint.Unlock()
	for _, key := range keys {
		read(key, func(b []byte) error {
			r, err := readRecord(key, b)
			m.saved.written[key] = r.header.Seen // so that Save removes the record if it stays unclaimed
			if err == nil && len(m.saved.unclaimed) < 2*m.settings.MaxDrift {
				r.header.Seen = min(r.header.Seen, now.Unix()) // the clock may have been ahead
				m.saved.unclaimed[key] = r
			}
			return err
		})
	}
	return errors.Join(wrong...)
}

func readRecord(key string, b []byte) (r record, err error) {
	n, width := binary.Uvarint(b)
	if width <= 0 || n > uint64(len(b)-width) {
		return r, errCheckpoint
	}
	if err := json.Unmarshal(b[width:width+int(n)], &r.header); err != nil {
		return r, err
	}
	r.state = b[width+int(n):]
	var series drift.Series
	var cost drift.Cost
	switch key {
	case r.header.key(trendPrefix):
		return r, series.UnmarshalBinary(r.state)
	case r.header.key(spendPrefix):
		return r, cost.UnmarshalBinary(r.state)
	}
	return r, errCheckpoint
}
