package filter

import (
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
)

// OfQueue restricts counts to those of a queue, which they do not name: the first queue that takes them is theirs.
func (w *Where) OfQueue(queues []review.Queue, name string) {
	if name != "" {
		w.Conditions = append(w.Conditions, w.within(queues, name))
	}
}

// within is the condition under which an item is in a queue: it takes the item, and none before it does.
func (w *Where) within(queues []review.Queue, name string) string {
	at := slices.IndexFunc(queues, func(q review.Queue) bool { return q.Name == name })
	if at < 0 {
		return "1 = 0"
	}
	var conditions []string
	for i := range queues[:at] {
		conditions = append(conditions, "NOT "+w.taken(&queues[i]))
	}
	return strings.Join(append(conditions, w.taken(&queues[at])), " AND ")
}

// taken is the condition under which a queue takes an item; review.QueueOf decides the same.
func (w *Where) taken(q *review.Queue) string {
	conditions := []string{"1 = 1"}
	if len(q.Classes) > 0 {
		places, unsafe := make([]string, len(q.Classes)), ""
		for i, class := range q.Classes {
			places[i] = w.Arg(string(class))
			if class == failure.Unsafe {
				unsafe = " OR i.unsafe = 1"
			}
		}
		conditions = append(conditions, "(i.class IN ("+strings.Join(places, ", ")+")"+unsafe+")")
	}
	if len(q.Services) > 0 {
		places := make([]string, len(q.Services))
		for i, service := range q.Services {
			places[i] = w.Arg(service)
		}
		conditions = append(conditions, "i.service IN ("+strings.Join(places, ", ")+")")
	}
	if len(q.Sources) > 0 {
		bits := 0
		for _, source := range q.Sources {
			bits |= column.BitOf(source)
		}
		conditions = append(conditions, "(i.sources & "+strconv.Itoa(bits)+") <> 0")
	}
	return "(" + strings.Join(conditions, " AND ") + ")"
}

// Revealed leaves out the open items of blind queues.
func (w *Where) Revealed(queues []review.Queue, yes bool) {
	if !yes {
		return
	}
	for _, of := range BlindQueues(queues) {
		w.Conditions = append(w.Conditions, "(i.state <> 'open' OR i.queue <> "+w.Arg(of)+")")
	}
}

// RevealedCounts is revealed for counts, which do not name their queue.
func (w *Where) RevealedCounts(queues []review.Queue, yes bool) {
	if !yes {
		return
	}
	for _, of := range BlindQueues(queues) {
		of := w.within(queues, of)
		w.Conditions = append(w.Conditions, "(i.state <> 'open' OR NOT ("+of+"))")
	}
}

// BlindQueues names the queues that are blind.
func BlindQueues(queues []review.Queue) (names []string) {
	for i := range queues {
		if queues[i].Blind {
			names = append(names, queues[i].Name)
		}
	}
	return names
}
