package journal

// recent remembers at least the last n values that were added, and at most twice as many.
type recent[T comparable] struct {
	n        int
	now, old map[T]struct{}
}

func newRecent[T comparable](n int) recent[T] { return recent[T]{n: n, now: map[T]struct{}{}} }

func (r *recent[T]) add(v T) {
	if len(r.now) >= r.n {
		r.old, r.now = r.now, map[T]struct{}{}
	}
	r.now[v] = struct{}{}
}

func (r *recent[T]) has(v T) bool {
	_, ok := r.now[v]
	if !ok {
		_, ok = r.old[v]
	}
	return ok
}

func (r *recent[T]) remove(v T) {
	delete(r.now, v)
	delete(r.old, v)
}
