package llmjudgeconnector

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/queue"
)

// sessionPrefix begins the keys of open sessions, beside those of the queue.
const sessionPrefix = "session/"

func (s *session) key() string { return sessionPrefix + s.hash() }

// change is what follows for the store from a session that is judged: one that has ended leaves it, of one that goes on
// it learns how far it was judged.
func (s *sessions) change(of *session) (c queue.Change) {
	switch {
	case s.store == nil:
	case of.ended:
		if of.stored {
			c.Remove = []string{of.key()}
		}
	default: // of is a part of it; more may have come since
		s.mu.Lock()
		defer s.mu.Unlock()
		now := s.open[string(of.ID)]
		if now == nil {
			break
		}
		if text, err := json.Marshal(now); err == nil {
			c.Set = map[string][]byte{of.key(): text}
			now.stored, now.changed = true, time.Time{}
		}
	}
	return c
}

func (s *sessions) write(c queue.Change, failed func(error)) {
	if s.store == nil || len(c.Set)+len(c.Remove) == 0 {
		return
	}
	if err := s.store.Write(c.Set, c.Remove); err != nil {
		failed(err)
	}
}

// storeNew stores a session at its first call, so that a kill cannot forget it. Later calls are stored with the next
// storeAll. A session that would not be judged if it ended now is not stored: most are of this kind.
func (s *sessions) storeNew(id string, failed func(error)) {
	if s.store == nil {
		return
	}
	s.mu.Lock()
	of := s.open[id]
	wanted := of != nil && !of.stored
	if wanted {
		_, wanted = s.picks(of)
	}
	s.mu.Unlock()
	if wanted {
		s.storeSome([]string{id}, 0, failed)
	}
}

// Sessions that changed are stored every storeEvery, those that changed first before others, and then at most about
// storeBytes of them: a long conversation is written again with each call.
const (
	storeEvery = time.Second
	storeBytes = 4 << 20
)

// storeAll stores what changed, about so many bytes of it; 0 is no bound.
func (s *sessions) storeAll(most int, failed func(error)) {
	if s.store == nil {
		return
	}
	s.mu.Lock()
	changed := map[string]time.Time{}
	for id, of := range s.open {
		if of.changed.IsZero() {
			continue
		}
		if _, picked := s.picks(of); picked || of.stored {
			changed[id] = of.changed
		}
	}
	s.mu.Unlock()
	ids := slices.SortedFunc(maps.Keys(changed), func(a, b string) int { return changed[a].Compare(changed[b]) })
	s.storeSome(ids, most, failed)
}

// storeSome stores sessions with one write.
func (s *sessions) storeSome(ids []string, most int, failed func(error)) {
	s.disk.Lock()
	defer s.disk.Unlock()
	set, size := map[string][]byte{}, 0
	for _, id := range ids {
		s.mu.Lock()
		of := s.open[id]
		if of == nil || of.changed.IsZero() {
			s.mu.Unlock()
			continue
		}
		text, err := json.Marshal(of)
		of.changed, of.stored = time.Time{}, true
		s.mu.Unlock()
		if err != nil {
			failed(err)
			continue
		}
		set[of.key()] = text
		if size += len(text); most > 0 && size >= most {
			break
		}
	}
	if len(set) == 0 {
		return
	}
	if err := s.store.Write(set, nil); err != nil {
		failed(err)
	}
}

// loadSessions reads the sessions that an earlier process left open. What cannot be judged any more is counted, with
// the reason.
func (b *bench) loadSessions(store queue.Store) error {
	lost, err := b.sessions.load(store)
	if err != nil || len(lost) == 0 {
		return err
	}
	why := judge.Unreadable
	if b.sessions == nil {
		why = judge.Unknown
	}
	for range lost {
		b.count.notJudged(why)
	}
	b.set.Logger.Warn("Sessions that were open cannot be judged",
		zap.String("reason", string(why)), zap.Int("n", len(lost)))
	return store.Write(nil, lost)
}

// load reads the sessions of a store. lost are the keys of those that cannot be read, or of all if s is nil.
func (s *sessions) load(store queue.Store) (lost []string, err error) {
	err = store.Walk(func(key string, value []byte) {
		if !strings.HasPrefix(key, sessionPrefix) {
			return
		}
		of := &session{}
		if s == nil || json.Unmarshal(value, of) != nil || of.Conversation == nil || of.key() != key {
			lost = append(lost, key)
			return
		}
		of.Seen = minTime(of.Seen, time.Now()) // a clock that was set back must not keep it open
		of.stored = true
		s.open[string(of.ID)] = of
	})
	return lost, err
}

// surplus ends the longest silent sessions beyond the limit, which an earlier process may have had higher.
func (s *sessions) surplus() (ended []*session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) > s.config.Max {
		ended = append(ended, s.end(s.longestSilent()))
	}
	return ended
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
