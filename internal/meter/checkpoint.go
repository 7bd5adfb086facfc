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

// What a checkpoint is of. Sums are none of it: counters begin at 0 with every start, under a new instance.
const (
	versionsKey = "versions" // a JSON list of savedVersion, the one that was used longest ago first
	sessionsKey = "sessions" // those that go on
	recordsKey  = "records"  // a JSON list of the keys below
	trendKeyed  = "trend/"   // and a hash: a header in JSON, and a drift.Series
	spendKeyed  = "spend/"   // likewise, and a drift.Cost
)

// remembered is how long drift and cost are good for: as long as they look back.
const remembered = 14 * 24 * time.Hour

// header says what a record is of.
type header struct {
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`

	Scorer        string `json:"scorer,omitempty"`
	Version       string `json:"version,omitempty"`
	Stratum       string `json:"stratum,omitempty"`
	Prompt        string `json:"prompt,omitempty"`
	PromptVersion string `json:"prompt_version,omitempty"`
	Parent        bool   `json:"parent,omitempty"`

	Seen int64 `json:"seen"` // Unix seconds
}

func trendHeader(s serviceKey, k *trendKey) header {
	return header{
		Service: s.name, Environment: s.environment, Scorer: k.scorer, Version: k.version, Stratum: k.stratum,
		Prompt: k.prompt, PromptVersion: k.promptVersion, Parent: k.parent,
	}
}

// key names the record of a header, whenever it was seen.
func (h header) key(prefix string) string {
	h.Seen = 0
	text, _ := json.Marshal(h) // strings and numbers can always be written
	return fmt.Sprintf("%s%016x", prefix, xxhash.Sum64(text))
}

// record is what was loaded and nobody has asked for yet.
type record struct {
	header header
	state  []byte
}

// records are those of the last checkpoint. They are used under the lock of the meter's checkpoints.
type records struct {
	unclaimed map[string]record
	written   map[string]int64 // when what was written last had been seen, by key
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
	if !ok || r.header != h { // another of the same hash
		return record{}, false
	}
	delete(m.saved.unclaimed, key)
	return r, true
}

// savedTrend is what a checkpoint says of a trend.
func (m *Meter) savedTrend(s serviceKey, k *trendKey) (t savedTrend, ok bool) {
	h := trendHeader(s, k)
	r, ok := m.claim(h.key(trendKeyed), h)
	if !ok {
		return t, false
	}
	t.seen = r.header.Seen
	return t, t.series.UnmarshalBinary(r.state) == nil // which was tried when it was loaded
}

// savedCost is what a checkpoint says of what a service costs.
func (m *Meter) savedCost(s serviceKey) (c drift.Cost, ok bool) {
	h := header{Service: s.name, Environment: s.environment}
	r, ok := m.claim(h.key(spendKeyed), h)
	return c, ok && c.UnmarshalBinary(r.state) == nil
}

// Save writes what is to outlive a restart, as far as it changed since the last Save. What could not be written is written by the next.
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
			m.seen.unsaved()
		}
		if sessions != nil {
			m.sessions.unsaved()
		}
		return err
	}
	m.checkpoint.Lock()
	defer m.checkpoint.Unlock()
	m.saved.written = all
	return nil
}

// marshalRecords adds to set the records that changed and, where there are others than before, their list. It returns all that there are
// now, and the keys of those that are no more.
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
		state, _ := marshal() // numbers can always be written
		head, _ := json.Marshal(h)
		set[key] = append(append(binary.AppendUvarint(nil, uint64(len(head))), head...), state...)
	}
	for _, s := range m.list() {
		s.mu.Lock()
		for k, t := range s.trends {
			if t.seen > 0 {
				h := trendHeader(s.key, &k)
				h.Seen = t.seen
				add(trendKeyed, h, t.series.MarshalBinary)
			}
		}
		if s.spend != nil {
			add(spendKeyed, header{Service: s.key.name, Environment: s.key.environment, Seen: now.Unix() / 60 * 60}, s.spend.cost.MarshalBinary)
		}
		s.mu.Unlock()
	}
	m.checkpoint.Lock()
	for key, r := range m.saved.unclaimed {
		if _, claimed := all[key]; claimed || now.Unix()-r.header.Seen > int64(remembered/time.Second) {
			continue
		}
		all[key] = r.header.Seen
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

// errCheckpoint is what bytes are told by that Save did not write.
var errCheckpoint = errors.New("not a checkpoint of this version")

// Load reads what Save wrote, before anything is counted. What cannot be read begins anew: the error names all of it, and the rest is loaded.
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
			m.saved.written[key] = r.header.Seen // so that it is taken away where nobody claims it
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
	case r.header.key(trendKeyed):
		return r, series.UnmarshalBinary(r.state)
	case r.header.key(spendKeyed):
		return r, cost.UnmarshalBinary(r.state)
	}
	return r, errCheckpoint
}
