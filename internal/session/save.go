package session

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// Store keeps bytes by key over a restart. A write of several is done as one.
type Store interface {
	Get(key string) ([]byte, error) // nil where there is none
	Write(set map[string][]byte, remove []string) error
}

// indexKey holds the ids of all sessions of the last checkpoint, sessionKey the state of each.
const (
	indexKey   = "sessions"
	sessionKey = "session/"
)

// batch bounds the sessions that are written at once.
const batch = 500

// Save writes what has changed since the last Save. What could not be written is written by the next.
func (t *Tracker) Save(store Store) error {
	ids, gone, index := t.unsaved()
	for len(ids) > 0 {
		n := min(batch, len(ids))
		set := make(map[string][]byte, n)
		for _, id := range ids[:n] {
			state, ok, err := t.marshal(id)
			if err != nil {
				return err
			}
			if ok {
				set[sessionKey+string(id)] = state
			}
		}
		if err := store.Write(set, nil); err != nil {
			t.unsave(ids, gone, index != nil)
			return err
		}
		ids = ids[n:]
	}
	// The index comes after the sessions that it names, and what it no longer names goes last.
	var err error
	if index != nil {
		err = store.Write(map[string][]byte{indexKey: index}, nil)
	}
	if err == nil && len(gone) > 0 {
		keys := make([]string, len(gone))
		for i, id := range gone {
			keys[i] = sessionKey + string(id)
		}
		err = store.Write(nil, keys)
	}
	if err != nil {
		t.unsave(nil, gone, index != nil)
	}
	return err
}

// unsaved lists what Save has to do, and takes it for done. The index is nil where it is as it was.
func (t *Tracker) unsaved() (ids, gone []ID, index []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for _, id := range t.sessions.Keys() {
		s, _ := t.sessions.Peek(id)
		if s.dirty {
			ids = append(ids, id)
		}
		if t.changed {
			all = append(all, string(id))
		}
	}
	if t.changed {
		index = []byte(strings.Join(all, "\n"))
		if index == nil {
			index = []byte{}
		}
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
func (t *Tracker) Load(store Store) error {
	index, err := store.Get(indexKey)
	if err != nil || len(index) == 0 {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var wrong []error
	for name := range strings.SplitSeq(string(index), "\n") {
		value, err := store.Get(sessionKey + name)
		if err != nil {
			return err
		}
		if len(value) < 9 || len(value) < 9+int(value[8]) {
			wrong = append(wrong, &LoadError{ID(name), errCheckpoint})
			continue
		}
		state := 9 + int(value[8]) // where it begins
		s := &tracked{seen: time.Unix(int64(binary.LittleEndian.Uint64(value)), 0), service: string(value[9:state]), saved: true}
		if err := s.state.UnmarshalBinary(value[state:]); err != nil {
			wrong = append(wrong, &LoadError{ID(name), err})
			continue
		}
		if t.now().Sub(s.seen) >= t.settings.Idle {
			t.gone[ID(name)] = struct{}{}
			t.changed = true
			continue
		}
		t.sessions.Add(ID(name), s)
	}
	return errors.Join(wrong...)
}

// LoadError is of one session.
type LoadError struct {
	ID  ID
	Err error
}

func (e *LoadError) Error() string { return "session " + string(e.ID) + ": " + e.Err.Error() }

func (e *LoadError) Unwrap() error { return e.Err }
