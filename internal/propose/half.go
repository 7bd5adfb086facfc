package propose

import (
	"math/bits"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/rule"
)

// halved is one half of the judged calls.
type halved struct {
	rows     []judged
	failures int
	failed   bitset
}

// judged is a call with what the scorers found in it, and what a person says.
type judged struct {
	call   *genai.Call
	failed bool
	result score.Result
	sight  *rule.Sight
	view   *rule.View
}

// half prepares the rows of one part: at most maxRows, failures and sound calls in the proportion of the whole.
func half(rows []dataset.Row, part string, set *score.Set) *halved {
	var mine []*dataset.Row
	for i := range rows {
		if rows[i].Split == part {
			mine = append(mine, &rows[i])
		}
	}
	n := min(len(mine), maxRows)
	h := &halved{rows: make([]judged, n), failed: newBits(n)}
	for i := range h.rows {
		row := mine[i*len(mine)/n]
		j := &h.rows[i]
		j.call, j.failed = row.Call, row.Decision == review.Confirmed
		set.Score(j.call, &j.result)
		j.sight = rule.NewSight(j.call, &j.result)
		j.view = j.sight.All()
		if j.failed {
			h.failures++
			h.failed.set(i)
		}
	}
	return h
}

func (h *halved) sound() int { return len(h.rows) - h.failures }

func (h *halved) enough() bool { return h.failures >= Needed && h.sound() >= Needed }

// outcome counts what flagging these calls does.
func (h *halved) outcome(flagged bitset) Outcome {
	right := flagged.both(h.failed)
	wrong := flagged.count() - right
	return Outcome{Right: right, Wrong: wrong, Missed: h.failures - right, Quiet: h.sound() - wrong}
}

// bitset is a set of the calls of a half.
type bitset []uint64

func newBits(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) set(i int) { b[i/64] |= 1 << (i % 64) }

func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b bitset) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// both counts what is in both sets.
func (b bitset) both(other bitset) (n int) {
	for i, w := range b {
		n += bits.OnesCount64(w & other[i])
	}
	return n
}

// three counts what is in three sets.
func (b bitset) three(second, third bitset) (n int) {
	for i, w := range b {
		n += bits.OnesCount64(w & second[i] & third[i])
	}
	return n
}

func (b bitset) and(other bitset) bitset {
	all := make(bitset, len(b))
	for i, w := range b {
		all[i] = w & other[i]
	}
	return all
}

func (b bitset) or(other bitset) bitset {
	all := make(bitset, len(b))
	for i, w := range b {
		all[i] = w | other[i]
	}
	return all
}

func (b bitset) without(other bitset) bitset {
	all := make(bitset, len(b))
	for i, w := range b {
		all[i] = w &^ other[i]
	}
	return all
}
