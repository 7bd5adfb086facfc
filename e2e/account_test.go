package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// account is what a process received, as seen from outside: by those who sent and by the backend.
type account struct {
	acked, unsure    int // spans that were acknowledged, and spans without an answer
	there            int // spans that the backend took or refused for good
	absent, unproven int // healthy traces that are not there: acknowledged ones, and those without an answer
	parted           int // traces of which some spans are there and others are not
	failing          int // failing traces that were acknowledged and are not there
	refused          int // spans that the backend refused for good, each time
	// interrupted says that the process stopped or reloaded. What an exporter then tries again goes back to its queue, and
	// the Collector counts it as refused.
	interrupted bool
}

// add enters a trace.
func (a *account) add(trace *sentTrace, has func(pcommon.TraceID, pcommon.SpanID) bool) {
	there, acked := 0, !trace.acked.IsZero()
	for _, span := range trace.spans {
		if has(trace.id, span) {
			there++
		}
	}
	a.there += there
	if acked {
		a.acked += len(trace.spans)
	} else {
		a.unsure += len(trace.spans)
	}
	switch {
	case there == len(trace.spans):
	case there > 0:
		a.parted++
	case trace.fails && acked:
		a.failing++
	case trace.fails: // it never arrived, since all that arrive are kept
	case acked:
		a.absent++
	default:
		a.unproven++
	}
}

// counted is what a process says of itself.
type counted struct {
	accepted   int // spans, by the receivers
	replayed   int // spans of earlier processes, by llm_journal
	kept       int // spans that left tail_sampling, with those
	alone      int // failing spans that left without tail_sampling
	notSampled int // traces, by decision
	evicted    int // traces that tail_sampling dropped before a decision
	refused    int // spans that the backend refused for good
	overflown  int // spans that found the queue full
}

// balance compares both to the span: received = exported + not sampled + dropped, each as often as the Collector says.
func (a *account) balance(c counted) error {
	var errs []error
	check := func(holds bool, format string, args ...any) {
		if !holds {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(a.acked <= c.accepted && c.accepted <= a.acked+a.unsure,
		"%d spans were received, %d acknowledged, and %d had no answer", c.accepted, a.acked, a.unsure)
	check(c.kept-c.replayed+c.alone == a.there+c.overflown,
		"%d spans were kept, %d replayed, %d left alone and %d found the queue full, but %d are there",
		c.kept, c.replayed, c.alone, c.overflown, a.there)
	dropped := c.notSampled + c.evicted
	check(a.absent <= dropped && dropped <= a.absent+a.unproven,
		"%d traces were not sampled and %d dropped, but %d are not there, and perhaps %d more",
		c.notSampled, c.evicted, a.absent, a.unproven)
	check(c.refused == a.refused || a.interrupted && c.refused > a.refused,
		"%d spans were refused for good, but %d refusals are counted", a.refused, c.refused)
	check(a.parted == 0, "%d traces are there in part", a.parted)
	check(a.failing == 0, "%d failing traces are not there", a.failing)
	return errors.Join(errs...)
}

func TestABalanceThatDoesNotHoldSaysWhy(t *testing.T) {
	// Two traces of three spans are there, one of a span is not, and one had no answer.
	seen := account{acked: 7, unsure: 1, there: 6, absent: 1, unproven: 1}
	said := counted{accepted: 8, replayed: 2, kept: 8, notSampled: 2}
	require.NoError(t, seen.balance(said))
	for reason, change := range map[string]func(*account, *counted){
		"6 spans were received, 7 acknowledged":     func(_ *account, c *counted) { c.accepted = 6 },
		"9 spans were received, 7 acknowledged":     func(_ *account, c *counted) { c.accepted = 9 },
		"7 spans were kept, 2 replayed":             func(_ *account, c *counted) { c.kept = 7 },
		"0 traces were not sampled and 0 dropped":   func(_ *account, c *counted) { c.notSampled = 0 },
		"2 traces were not sampled and 1 dropped":   func(_ *account, c *counted) { c.evicted = 1 },
		"0 spans were refused for good, but 3":      func(_ *account, c *counted) { c.refused = 3 },
		"1 traces are there in part":                func(a *account, _ *counted) { a.parted = 1 },
		"1 failing traces are not there":            func(a *account, _ *counted) { a.failing = 1 },
		"1 left alone and 0 found the queue full":   func(_ *account, c *counted) { c.alone = 1 },
		"0 left alone and 1 found the queue full, ": func(_ *account, c *counted) { c.overflown = 1 },
	} {
		a, c := seen, said
		change(&a, &c)
		require.ErrorContains(t, a.balance(c), reason)
	}
	seen.refused, said.refused, seen.interrupted = 3, 4, true
	require.NoError(t, seen.balance(said))
	said.refused = 2
	require.ErrorContains(t, seen.balance(said), "3 spans were refused for good, but 2")
}

func TestAnAccountTellsWhatArrived(t *testing.T) {
	l := newGenerator(1)
	_, traces := l.request(8, 2)
	there := map[pcommon.SpanID]bool{}
	for i, trace := range traces { // every second one fails
		if i < 6 {
			trace.acked = time.Now()
		}
		if i < 2 {
			there[trace.spans[0]], there[trace.spans[1]] = true, true
		}
	}
	there[traces[4].spans[1]] = true
	var a account
	for _, trace := range traces {
		a.add(trace, func(_ pcommon.TraceID, span pcommon.SpanID) bool { return there[span] })
	}
	require.Equal(t, account{acked: 12, unsure: 4, there: 5, absent: 2, unproven: 1, parted: 1, failing: 1}, a)
}
