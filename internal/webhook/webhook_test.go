package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store of values.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	fails  bool
}

func (m *memory) Get(key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key], nil
}

func (m *memory) Write(set map[string][]byte, remove []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails {
		return errors.New("no room")
	}
	maps.Copy(m.values, set)
	for _, key := range remove {
		delete(m.values, key)
	}
	return nil
}

// attempt is one request as the receiver saw it.
type attempt struct{ key, body string }

// hook is a receiver whose answers depend on the body.
type hook struct {
	*httptest.Server
	mu       sync.Mutex
	answer   func(body string, tries int) (code int, retryAfter string)
	attempts []attempt
	tries    map[string]int
}

func newHook(t *testing.T, answer func(body string, tries int) (int, string)) *hook {
	t.Helper()
	h := &hook{answer: answer, tries: map[string]int{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body json.RawMessage
		_ = json.NewDecoder(r.Body).Decode(&body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.attempts = append(h.attempts, attempt{r.Header.Get(HeaderKey), string(body)})
		h.tries[string(body)]++
		code, after := h.answer(string(body), h.tries[string(body)])
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) seen() []attempt {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]attempt(nil), h.attempts...)
}

// counts are the outcomes of an outbox.
type counts struct {
	mu            sync.Mutex
	sent, dropped int
	failed        []int
}

func (c *counts) get() (sent, dropped int, failed []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent, c.dropped, append([]int(nil), c.failed...)
}

// running starts an outbox that is stopped when the test ends.
func running(t *testing.T, h *hook, change func(*Settings)) (*Outbox, *counts, func()) {
	t.Helper()
	var c counts
	count := func(f func()) {
		c.mu.Lock()
		defer c.mu.Unlock()
		f()
	}
	s := Settings{
		URL: h.URL, Secret: "s", MaxWaiting: 100, MaxSubjects: 100, Pause: time.Millisecond,
		Sent:    func() { count(func() { c.sent++ }) },
		Dropped: func(Message) { count(func() { c.dropped++ }) },
		Failed:  func(_ Message, code int) { count(func() { c.failed = append(c.failed, code) }) },
	}
	if change != nil {
		change(&s)
	}
	o, err := New(s)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	var run sync.WaitGroup
	run.Go(func() { o.Run(ctx, stopped) })
	end := sync.OnceFunc(func() { // kills it: nothing more is delivered
		cancel()
		run.Wait()
	})
	t.Cleanup(end)
	return o, &c, end
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, time.Millisecond)
}

// TestAnswersDecide: a refusal is final and holds up no other subject; errors of the server are retried.
func TestAnswersDecide(t *testing.T) {
	h := newHook(t, func(body string, tries int) (int, string) {
		switch {
		case body == `"refused"`:
			return http.StatusBadRequest, ""
		case body == `"gone"`:
			return http.StatusGone, ""
		case body == `"dead"`:
			return http.StatusInternalServerError, ""
		case body == `"slow"` && tries < 3:
			return http.StatusRequestTimeout, ""
		case body == `"busy"` && tries < 3:
			return http.StatusTooManyRequests, "0"
		}
		return http.StatusNoContent, ""
	})
	o, c, _ := running(t, h, nil)
	for _, id := range []string{"dead", "refused", "gone", "slow", "busy", "fine"} {
		o.Tell(id, "open", json.RawMessage(`"`+id+`"`))
	}
	eventually(t, func() bool { sent, _, failed := c.get(); return sent == 3 && len(failed) == 2 })
	_, _, failed := c.get()
	require.ElementsMatch(t, []int{http.StatusBadRequest, http.StatusGone}, failed)
	require.Equal(t, 1, o.Waiting())
	keys := map[string]map[string]bool{}
	for _, a := range h.seen() {
		if keys[a.body] == nil {
			keys[a.body] = map[string]bool{}
		}
		keys[a.body][a.key] = true
	}
	for body, used := range keys {
		require.Len(t, used, 1, body)
	}
	// A refusal is not tried again.
	o.Tell("refused", "open", json.RawMessage(`"refused"`))
	require.Equal(t, 1, o.Waiting())
}

// TestOnlyTheNewestStateIsTold: states of one subject arrive in order, and one that was replaced does not arrive.
func TestOnlyTheNewestStateIsTold(t *testing.T) {
	arrived, open := make(chan struct{}, 10), make(chan struct{})
	h := newHook(t, func(body string, _ int) (int, string) {
		if body == `"first"` {
			arrived <- struct{}{}
			<-open
		}
		return http.StatusOK, ""
	})
	o, c, _ := running(t, h, nil)
	o.Tell("s", "warned", json.RawMessage(`"first"`))
	<-arrived
	for n, state := range []string{"open", "closed", "warned", "open"} {
		o.Tell("s", state, json.RawMessage(`"`+state+strings.Repeat("+", n)+`"`))
	}
	require.Equal(t, 1, o.Waiting())
	close(open)
	eventually(t, func() bool { sent, _, _ := c.get(); return sent == 2 })
	require.Equal(t, []attempt{{"73/warned/1", `"first"`}, {"73/open/2", `"open+++"`}}, h.seen())
	o.Tell("s", "open", json.RawMessage(`"no news"`))
	require.Zero(t, o.Waiting())
}

// TestARestartTellsNothingTwice: what was told is no news, what waits keeps its key, and a new change has a new one.
func TestARestartTellsNothingTwice(t *testing.T) {
	store := &memory{values: map[string][]byte{}}
	alive := false
	h := newHook(t, func(body string, _ int) (int, string) {
		if alive || body == `"told"` {
			return http.StatusOK, ""
		}
		return http.StatusBadGateway, ""
	})
	keep := func(s *Settings) { s.Store = store }
	o, c, end := running(t, h, keep)
	o.Tell("told", "open", json.RawMessage(`"told"`))
	o.Tell("waits", "open", json.RawMessage(`"waits"`))
	eventually(t, func() bool { sent, _, _ := c.get(); return sent == 1 && len(h.seen()) > 3 })
	end()
	before := h.seen()

	h.mu.Lock()
	h.attempts, alive = nil, true
	h.mu.Unlock()
	o, c, end = running(t, h, keep)
	require.Equal(t, 1, o.Waiting())
	o.Tell("told", "open", json.RawMessage(`"told again"`))
	o.Tell("waits", "open", json.RawMessage(`"waits again"`))
	eventually(t, func() bool { sent, _, _ := c.get(); return sent == 1 })
	require.Equal(t, []attempt{before[len(before)-1]}, h.seen())
	o.Tell("told", "closed", json.RawMessage(`"closed"`))
	eventually(t, func() bool { sent, _, _ := c.get(); return sent == 2 })
	o.Tell("told", "open", json.RawMessage(`"open"`))
	eventually(t, func() bool { sent, _, _ := c.get(); return sent == 3 })
	require.Equal(t, "746f6c64/open/2", h.seen()[2].key)
	end()

	h.mu.Lock()
	h.attempts = nil
	h.mu.Unlock()
	o, _, end = running(t, h, keep)
	require.Zero(t, o.Waiting())
	end()
	require.Empty(t, h.seen())
}

// TestBoundsHold: beyond the bound the oldest is dropped and counted.
func TestBoundsHold(t *testing.T) {
	h := newHook(t, func(string, int) (int, string) { return http.StatusBadGateway, "3600" })
	o, c, _ := running(t, h, func(s *Settings) { s.MaxWaiting, s.MaxSubjects = 3, 5 })
	for _, id := range []string{"a", "b", "c"} {
		o.Tell(id, "open", json.RawMessage(`"`+id+`"`))
	}
	eventually(t, func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, s := range o.subjects {
			if s.attempts == 0 {
				return false
			}
		}
		return true
	})
	for _, id := range []string{"d", "e", "f", "g"} {
		o.Tell(id, "open", json.RawMessage(`"`+id+`"`))
	}
	_, dropped, _ := c.get()
	require.Equal(t, 4, dropped)
	require.Equal(t, 3, o.Waiting())
	require.LessOrEqual(t, len(o.subjects), 5)
}

// TestADroppedAttemptMayHaveArrived: the receiver may know a state whose delivery failed and was then dropped. So the
// state before it is news again.
func TestADroppedAttemptMayHaveArrived(t *testing.T) {
	h := newHook(t, func(body string, _ int) (int, string) {
		if body == `"lost"` {
			return http.StatusBadGateway, "3600"
		}
		return http.StatusOK, ""
	})
	o, c, _ := running(t, h, func(s *Settings) { s.MaxWaiting = 1 })
	o.Tell("a", "closed", json.RawMessage(`"taken"`))
	eventually(t, func() bool { sent, _, _ := c.get(); return sent == 1 })
	o.Tell("a", "open", json.RawMessage(`"lost"`))
	eventually(t, func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.subjects["a"].attempts == 1
	})
	o.Tell("b", "open", json.RawMessage(`"other"`))
	eventually(t, func() bool { sent, dropped, _ := c.get(); return sent == 2 && dropped == 1 })
	o.Tell("a", "closed", json.RawMessage(`"again"`))
	eventually(t, func() bool { sent, _, _ := c.get(); return sent == 3 })
	require.Contains(t, h.seen(), attempt{"61/closed/2", `"again"`})
}

// TestAFullStoreIsTold: what cannot be written is written with the next change.
func TestAFullStoreIsTold(t *testing.T) {
	store := &memory{values: map[string][]byte{}, fails: true}
	h := newHook(t, func(string, int) (int, string) { return http.StatusBadGateway, "3600" })
	trouble := make(chan error, 100)
	o, _, end := running(t, h, func(s *Settings) { s.Store, s.Trouble = store, func(err error) { trouble <- err } })
	o.Tell("a", "open", json.RawMessage(`"a"`))
	require.ErrorContains(t, <-trouble, "write webhooks: no room")
	store.mu.Lock()
	store.fails = false
	store.mu.Unlock()
	o.Tell("b", "open", json.RawMessage(`"b"`))
	end()
	again, err := New(Settings{Store: store, MaxSubjects: 10, MaxWaiting: 10})
	require.NoError(t, err)
	require.Equal(t, 2, again.Waiting())

	for key := range store.values {
		store.values[key] = []byte("{")
	}
	again, err = New(Settings{Store: store})
	require.ErrorContains(t, err, "read webhooks: ")
	require.Zero(t, again.Waiting())
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "-5": 0, "99999999": maxRetryAfter, "soon": 0,
		"Mon, 30 Nov 2026 12:00:30 GMT": 30 * time.Second, "Mon, 30 Nov 2026 11:00:00 GMT": 0,
	} {
		require.Equal(t, want, retryAfter(header, now), header)
	}
	for attempts := 1; attempts < 100; attempts++ {
		require.Less(t, pause(time.Second, attempts), 2*maxPause)
		require.Positive(t, pause(time.Second, attempts))
	}
}
