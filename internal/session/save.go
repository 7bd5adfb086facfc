package session

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/faultline-otel/faultline/internal/checkpoint"
)

// indexKey holds the ids of all sessions of the last checkpoint, a JSON list; sessionKey begins the keys of their states.
const (
	indexKey   = "sessions"
	sessionKey = "session/"
)

// batch bounds the sessions that are written at once.
const batch = 500

// Save writes what has changed since the last Save. What could not be written is written by the next.
func (t *Tracker) Save(store checkpoint.Store) error {
	ids, gone, index := t.unsaved()
	err := t.save(store, ids, gone, index)
	if err != nil {
		t.unsave(ids, gone, index != nil)
	}
	return err
}

// save writes the sessions, then the index that names them, then takes away what the index no longer names.
func (t *Tracker) save(store checkpoint.Store, ids, gone []ID, index []byte) error {
	for some := range slices.Chunk(ids, batch) {
		set := make(map[string][]byte, len(some))
		for _, id := range some {
			state, ok, err := t.marshal(id)
			if err != nil {
				return err
			}
			if ok {
				set[sessionKey+string(id)] = state
			}
		}
		if err := store.Write(set, nil); err != nil {
			return err
		}
	}
	if index != nil {
		if err := store.Write(map[string][]byte{indexKey: index}, nil); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	keys := make([]string, len(gone))
	for i, id := range gone {
		keys[i] = sessionKey + string(id)
	}
	return store.Write(nil, keys)
}

// unsaved lists what Save has to do, and takes it for done. The index is nil where it is as it was.
func (t *Tracker) unsaved() (ids, gone []ID, index []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := []ID{}
	for _, id := range t.sessions.Keys() {
		s, _ := t.sessions.Peek(id)
		if s.dirty {
			ids = append(ids, id)
		}
		if t.changed {
			all = append(all, id)
		}
	}
	if t.changed {
		index, _ = json.Marshal(all) // strings can always be written
	}
	for id := range t.gone {
		if !t.sessions.Contains(id) { // it may have begun anew
			gone = append(gone, id)
		}
	}
	clear(t.gone)
	t.changed = false
	return ids, gone, index
}

// unsave takes back what unsaved took for done.
func (t *Tracker) unsave(ids, gone []ID, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		if s, ok := t.sessions.Peek(id); ok {
			s.dirty = true
		}
	}
	for _, id := range gone {
		t.gone[id] = struct{}{}
	}
	t.changed = t.changed || changed
}

// marshal writes one session: when it was seen, in seconds, its service, and its state.
func (t *Tracker) marshal(id ID) ([]byte, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.sessions.Peek(id)
	if !ok {
		return nil, false, nil
	}
	s.dirty, s.saved = false, true
	state, err := s.state.MarshalBinary()
	service := s.service[:min(len(s.service), maxID)]
	value := append(binary.LittleEndian.AppendUint64(nil, uint64(s.seen.Unix())), byte(len(service)))
	return append(append(value, service...), state...), true, err
}

// Load reads what Save wrote, besides sessions that were idle for too long since. A session that cannot be read begins anew; the
// error names it, and the others are loaded.
func (t *Tracker) Load(store checkpoint.Store) error {
	index, err := store.Get(indexKey)
	if err != nil || len(index) == 0 {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var ids []ID
	if err := json.Unmarshal(index, &ids); err != nil {
		return fmt.Errorf("the list of sessions: %w", err)
	}
	now := t.now()
	var wrong []error
	for _, id := range ids {
		value, err := store.Get(sessionKey + string(id))
		if err != nil {
			return err
		}
		s, err := unmarshal(value)
		if err != nil {
			wrong = append(wrong, &LoadError{id, err})
		}
		if err != nil || now.Sub(s.seen) >= t.settings.Idle {
			t.gone[id] = struct{}{} // the next Save takes it away
			t.changed = true
			continue
		}
		t.sessions.Add(id, s)
	}
	return errors.Join(wrong...)
}

// unmarshal reads what marshal wrote.
func unmarshal(value []byte) (*tracked, error) {
	const fixed = 9
	if len(value) < fixed || len(value) < fixed+int(value[fixed-1]) {
		return nil, errCheckpoint
	}
	state := fixed + int(value[fixed-1]) // where it begins
	s := &tracked{seen: time.Unix(int64(binary.LittleEndian.Uint64(value)), 0), service: string(value[fixed:state]), saved: true}
	return s, s.state.UnmarshalBinary(value[state:])
}

// LoadError is of one session.
type LoadError struct {
	ID  ID
	Err error
}

func (e *LoadError) Error() string { return "session " + string(e.ID) + ": " + e.Err.Error() }

func (e *LoadError) Unwrap() error { return e.Err }
