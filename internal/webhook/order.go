package webhook

import (
	"container/heap"
	"container/list"
)

// order finds the subject that is next for something, however many there are.
type order struct {
	waiting *list.List // subjects with a message that waits, in the order of their last change
	resting *list.List // the others, in the order in which they came to rest
	due     byDue      // those of the waiting ones that are not on their way
}

func newOrder() order { return order{waiting: list.New(), resting: list.New()} }

// changed puts a subject behind all others. It is called for a new state of a subject.
func (o *order) changed(s *subject) {
	o.remove(s)
	o.update(s)
}

// update puts a subject where its fields say. A subject that still waits keeps its place among those that do.
func (o *order) update(s *subject) {
	if in := o.listOf(s); s.in != in {
		if s.in != nil {
			s.in.Remove(s.place)
		}
		s.in, s.place = in, in.PushBack(s)
	}
	if s.queued {
		heap.Remove(&o.due, s.index)
	}
	if s.Waiting != nil && !s.sending {
		heap.Push(&o.due, s)
	}
}

func (o *order) listOf(s *subject) *list.List {
	if s.Waiting != nil {
		return o.waiting
	}
	return o.resting
}

// remove takes a subject out.
func (o *order) remove(s *subject) {
	if s.in != nil {
		s.in.Remove(s.place)
		s.in, s.place = nil, nil
	}
	if s.queued {
		heap.Remove(&o.due, s.index)
	}
}

// first returns the first subject of a list that is not on its way. Few are at a time.
func first(of *list.List) *subject {
	for at := of.Front(); at != nil; at = at.Next() {
		if s := at.Value.(*subject); !s.sending {
			return s
		}
	}
	return nil
}

// byDue is a heap of subjects. The one that is due first is at the front.
type byDue []*subject

func (h *byDue) Len() int { return len(*h) }

func (h *byDue) Less(i, j int) bool {
	a, b := (*h)[i], (*h)[j]
	if !a.due.Equal(b.due) {
		return a.due.Before(b.due)
	}
	return a.changed < b.changed
}

func (h *byDue) Swap(i, j int) {
	(*h)[i], (*h)[j] = (*h)[j], (*h)[i]
	(*h)[i].index, (*h)[j].index = i, j
}

// Push implements heap.Interface.
func (h *byDue) Push(x any) {
	s := x.(*subject)
	s.index, s.queued = len(*h), true
	*h = append(*h, s)
}

// Pop implements heap.Interface.
func (h *byDue) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	s.queued = false
	return s
}
