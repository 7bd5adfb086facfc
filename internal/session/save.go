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

// indexKey holds the ids of all sessions of the last checkpoint as a JSON list. sessionKey is the prefix of the keys of
// their states.
const (
	indexKey   = "sessions"
	sessionKey = "session/"
)

// batch bounds how many sessions one write holds.
const batch = 4000

// Save writes what has changed since the last Save. The next Save writes what could not be written.
func (t *Tracker) Save(store checkpoint.Store) error {
	ids, gone, index := t.unsaved()
	err := t.save(store, ids, gone, index)
	if err != nil {
		t.unsave(ids, gone, index != nil)
	}
	return err
}

// save writes the sessions, then the index that names them, and then removes what the index no longer names.
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

// unsaved returns the work for Save and marks it as done. index is nil if it has not changed.
func (t *Tracker) unsaved() (ids, gone []ID, index []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]ID, 0, t.sessions.Len())
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
		index, _ = json.Marshal(all) // marshalling strings cannot fail
	}
	for id := range t.gone {
		if !t.sessions.Contains(id) { // the session may have started anew
			gone = append(gone, id)
		}
	}
	clear(t.gone)
	t.changed = false
	return ids, gone, index
}

// unsave undoes unsaved.
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

// marshal writes one session: when it was last seen (in seconds), its service and its state.
func (t *Tracker) marshal(id ID) ([]byte, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.sessions.Peek(id)
	if !ok {
		return nil, false, nil
	}
	s.dirty, s.saved = false, true
	service := s.service[:min(len(s.service), maxID)]
	const fixed = 512 // with a state of a few steps, so that one allocation is enough
	value := binary.LittleEndian.AppendUint64(make([]byte, 0, fixed+len(service)), uint64(s.seen.Unix()))
	value = append(append(value, byte(len(service))), service...)
	value, err := s.state.AppendBinary(value)
	return value, true, err
}

// Load reads what Save wrote, except for sessions that have been idle for too long. A session that cannot be read
// starts anew. The error names it, and the other sessions are loaded.
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
			t.gone[id] = struct{}{} // the next Save removes it
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
	state := fixed + int(value[fixed-1]) // start of the state
	s := &tracked{
		seen: time.Unix(int64(binary.LittleEndian.Uint64(value)), 0), service: string(value[fixed:state]), saved: true,
	}
	return s, s.state.UnmarshalBinary(value[state:])
}

// LoadError reports a session that could not be loaded.
type LoadError struct {
	ID  ID
	Err error
}

func (e *LoadError) Error() string { return "session " + string(e.ID) + ": " + e.Err.Error() }

func (e *LoadError) Unwrap() error { return e.Err }
