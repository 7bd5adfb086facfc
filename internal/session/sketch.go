package session

import (
	"math"
	"slices"

	"github.com/faultline-otel/faultline/internal/words"
)

// sketchSize is the number of hashes in a sketch.
const sketchSize = 11

// Sketch holds the smallest hashes of a set in ascending order. A small set fits whole. Two sketches give an estimate
// of how much their sets share. Unused entries are 0.
type Sketch [sketchSize]uint32

func (s *Sketch) add(h uint32) {
	h |= 1
	at := 0
	for at < sketchSize && s[at] != 0 && s[at] < h {
		at++
	}
	if at == sketchSize || s[at] == h {
		return
	}
	copy(s[at+1:], s[at:sketchSize-1])
	s[at] = h
}

func (s *Sketch) empty() bool { return s[0] == 0 }

// reach returns the largest hash up to which the sketch has every member of its set.
func (s *Sketch) reach() uint32 {
	if s[sketchSize-1] == 0 {
		return math.MaxUint32
	}
	return s[sketchSize-1]
}

func (s *Sketch) has(h uint32) bool { return slices.Contains(s[:], h) }

// jaccard estimates the Jaccard similarity of two sets. It is exact for small sets.
func jaccard(a, b *Sketch) float64 {
	reach := min(a.reach(), b.reach())
	both, all := 0, 0
	for _, h := range a {
		if h != 0 && h <= reach {
			all++
			if b.has(h) {
				both++
			}
		}
	}
	for _, h := range b {
		if h != 0 && h <= reach && !a.has(h) {
			all++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(both) / float64(all)
}

// idBit marks the hash of a word that looks like an id in the sketch of a set of words.
const idBit = 2

// sketchWords sketches the set of words of a text.
func sketchWords(list []words.Word) (s Sketch) {
	for i := range list {
		h := list[i].Hash &^ idBit
		if isID(&list[i]) {
			h |= idBit
		}
		s.add(h)
	}
	return s
}

// isID reports whether a word looks like the id of a thing: an article number, not a page number.
func isID(w *words.Word) bool { return w.Flags&words.Digit != 0 && w.End-w.Start >= 4 }

// otherThing reports whether two sketches of words differ in ids alone.
func otherThing(a, b *Sketch) bool {
	reach := min(a.reach(), b.reach())
	differ := false
	for _, pair := range [...][2]*Sketch{{a, b}, {b, a}} {
		for _, h := range pair[0] {
			if h == 0 || h > reach || pair[1].has(h) {
				continue
			}
			if h&idBit == 0 {
				return false
			}
			differ = true
		}
	}
	return differ
}

// sketchShingles sketches the set of three-word sequences of a text.
func sketchShingles(list []words.Word) (s Sketch) {
	for i := 2; i < len(list); i++ {
		h := ((list[i-2].Hash*0x85ebca6b+list[i-1].Hash)*0xc2b2ae35 + list[i].Hash) | 1
		if last := s[sketchSize-1]; last == 0 || h < last { // most hashes of a long text are too great
			s.add(h)
		}
	}
	return s
}
