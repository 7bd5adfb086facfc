package text

import "github.com/faultline-otel/faultline/internal/words"

// noise measures how much the worst passage of a text looks like the output of an optimiser, between 0 and 1. Signs are
// marks and changes of case within words, and fragments of code and mark-up between words of prose.
func noise(t *words.Text) float32 {
	const window = 16
	list := t.Words
	if len(list) < window/2 {
		return 0
	}
	var ring [window]uint8
	running, worst := 0, 0
	for i := range list {
		odd := uint8(0)
		if i > 0 && list[i].Start-list[i-1].End > 1 && !list[i].Flags.Is(words.Gap) {
			odd = oddness(t.Source[list[i-1].End:list[i].Start])
		}
		if w := &list[i]; w.Flags.Is(words.Inner) || !w.Flags.Is(words.Plain) {
			odd += humps(t.Source[w.Start:w.End])
		}
		if odd == 0 && running == 0 { // most of prose: the ring is all 0
			continue
		}
		slot := i % window
		if i >= window {
			running -= int(ring[slot])
		}
		ring[slot] = odd
		running += int(odd)
		worst = max(worst, running)
	}
	return min(1, float32(worst)/(2*window))
}

// oddness counts kinds of marks. Several kinds at once are rare between two words of prose or of code.
func oddness(between string) uint8 {
	if len(between) < 2 || between == ", " || between == ". " || len(between) > 24 {
		return 0
	}
	var kinds uint8
	n := uint8(0)
	for i := range len(between) {
		var bit uint8
		switch between[i] {
		case ' ', '\n', '\r', '\t', ',', ';', ':', '-', '#', '|', '/', '.':
			continue
		case '"', '\'', '`':
			bit = 1
		case '(', ')':
			bit = 2
		case '[', ']', '{', '}', '<', '>':
			bit = 4
		case '\\':
			bit = 8
		case '!', '?':
			bit = 16
		case '*', '_', '=', '+', '^', '~', '@', '$', '%', '&':
			bit = 32
		default:
			continue
		}
		if kinds&bit == 0 {
			kinds |= bit
			n++
		}
	}
	if n < 2 {
		return 0
	}
	return min(n, 3)
}

// humps counts changes from lower to upper case within a word.
func humps(word string) uint8 {
	n := uint8(0)
	for i := 1; i < len(word); i++ {
		if word[i] >= 'A' && word[i] <= 'Z' && word[i-1] >= 'a' && word[i-1] <= 'z' {
			n++
		}
	}
	return min(n, 2)
}
