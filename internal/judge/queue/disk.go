package queue

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/judge"
)

// Keys of the store. Ids and names of raters have no slash.
const (
	itemPrefix = "item/"
	taskPrefix = "task/"
	donePrefix = "done/"
)

func itemKey(id string) string        { return itemPrefix + id }
func taskKey(id, rater string) string { return taskPrefix + id + "/" + rater }
func doneKey(slot int) string         { return donePrefix + strconv.Itoa(slot) }

// load reads what an earlier process left. Judgements that were taken are lost: whether they were made is not known.
func (q *Queue) load() ([]Lost, error) {
	type found struct {
		task  *Task
		taken bool
	}
	var tasks []found
	var broken []string
	items := map[string]bool{}
	err := q.store.Walk(func(key string, value []byte) {
		switch {
		case strings.HasPrefix(key, itemPrefix):
			items[strings.TrimPrefix(key, itemPrefix)] = true
		case strings.HasPrefix(key, donePrefix):
			if slot, err := strconv.Atoi(strings.TrimPrefix(key, donePrefix)); err == nil && slot >= 0 && slot < remembered {
				q.done.set(slot, string(value))
			}
		case isBatch(key):
			if !q.loadBatch(key, value) {
				broken = append(broken, key)
			}
		case strings.HasPrefix(key, taskPrefix):
			id, rater, ok := strings.Cut(strings.TrimPrefix(key, taskPrefix), "/")
			var r record
			if !ok || json.Unmarshal(value, &r) != nil {
				broken = append(broken, key)
				return
			}
			tasks = append(tasks, found{&Task{
				ID: id, Rater: rater, Accepted: r.Accepted, Attempts: r.Attempts,
				Stage: r.Stage, Replies: r.Replies, Version: r.Version,
			}, r.Taken})
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(tasks, func(a, b found) int { return a.task.Accepted.Compare(b.task.Accepted) })
	var lost []Lost
	for _, f := range tasks {
		t := f.task
		if q.items[t.ID] == nil {
			q.items[t.ID] = &held{}
		}
		q.items[t.ID].open++
		why := judge.Obstacle("")
		switch {
		case f.taken:
			why = judge.Interrupted
		case !items[t.ID]:
			why = judge.Unreadable
		case q.lane(t.Rater, t.Stage) == "":
			why = judge.Unknown
		default:
			if e := q.heldBy(t); e != nil {
				q.size++
				q.batched++
				e.task = t
			} else {
				q.add(t)
			}
			continue
		}
		q.size++
		_ = q.read(t) // an item that cannot be read leaves the task with its id
		lost = append(lost, Lost{t, why})
	}
	for id := range items { // whose judgements are all made
		if q.items[id] == nil {
			broken = append(broken, itemKey(id))
		}
	}
	if len(broken) > 0 {
		err = q.store.Write(nil, broken)
	}
	return lost, err
}

// ring holds the last ids.
type ring struct {
	slots []string
	in    map[string]int
	next  int
}

func newRing() ring { return ring{slots: make([]string, remembered), in: map[string]int{}} }

func (r *ring) has(id string) bool {
	_, ok := r.in[id]
	return ok
}

// add puts an id in place of the oldest one, and returns its slot.
func (r *ring) add(id string) int {
	slot := r.next
	r.set(slot, id)
	return slot
}

// set puts an id into a slot. The next one follows it. After a restart the order of the ring is that of the store, so
// some ids may leave early.
func (r *ring) set(slot int, id string) {
	if old := r.slots[slot]; old != "" && r.in[old] == slot {
		delete(r.in, old)
	}
	r.slots[slot], r.in[id] = id, slot
	r.next = (slot + 1) % len(r.slots)
}
