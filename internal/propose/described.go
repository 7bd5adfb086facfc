package propose

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/score/rule"
)

// describedTool stands for the parameters of every tool that have a phrase in their descriptions. What an application
// asks of a value by words, it mostly asks of several parameters: a date as YYYY-MM-DD, an amount in cents, a list in
// the syntax of a language.
const describedTool = "~"

// maxDescribed bounds the phrases, by how they part failures and by how many calls they are in.
const maxDescribed = 24

// mention is where a phrase is in the descriptions of the parameters that calls give.
type mention struct {
	rows    [2]int // sound and failing calls
	last    int    // of the rows that count
	names   map[string]bool
	imprint uint64 // of the parameters that have it: phrases of the same ones are one
}

// described makes conditions of the arguments whose descriptions have a phrase in common.
func (g *generator) described() {
	mentions := map[string]*mention{}
	n := 0
	g.each(func(j *judged) {
		n++
		for i := range first(j.view.Parameters, 4*maxTools) {
			p := &j.view.Parameters[i]
			if p.Value == nil {
				continue
			}
			phrases(p.About, func(phrase string) {
				m := mentions[phrase]
				if m == nil {
					if len(mentions) >= maxGrams {
						return
					}
					m = &mention{names: map[string]bool{}}
					mentions[phrase] = m
				}
				m.add(p, n, j.failed)
			})
		}
	})
	chosen := chosenOf(mentions, g.half)
	g.values(describedTool, func(v *rule.View, put func(path string, value any)) {
		for i := range first(v.Parameters, 4*maxTools) {
			p := &v.Parameters[i]
			for _, phrase := range chosen {
				if p.Value != nil && strings.Contains(p.About, phrase) {
					put(phrase, p.Value)
				}
			}
		}
	})
}

func (m *mention) add(p *rule.ParameterView, row int, failed bool) {
	if name := p.Tool + "\x00" + p.Name; !m.names[name] {
		m.names[name] = true
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(name))
		m.imprint ^= hash.Sum64()
	}
	if m.last != row {
		m.last = row
		m.rows[side(failed)]++
	}
}

// chosenOf returns the phrases that parts of the calls have in common, in several parameters: those that part failures
// best, and those that are in most calls. Of phrases of the same parameters it takes the longest.
func chosenOf(mentions map[string]*mention, half *halved) (chosen []string) {
	longest := map[uint64]string{}
	for phrase, m := range mentions {
		if len(m.names) < 2 || m.rows[0]+m.rows[1] < Needed {
			continue
		}
		best := longest[m.imprint]
		if cmp.Or(cmp.Compare(len(phrase), len(best)), cmp.Compare(best, phrase)) > 0 {
			longest[m.imprint] = phrase
		}
	}
	all := slices.Sorted(maps.Values(longest))
	gain := func(phrase string) float64 {
		n := mentions[phrase].rows
		return float64(n[1])/float64(max(1, half.failures)) - float64(n[0])/float64(max(1, half.sound()))
	}
	for _, order := range []func(a, b string) int{
		func(a, b string) int { return cmp.Compare(gain(b), gain(a)) },
		func(a, b string) int { return cmp.Compare(mentions[b].rows[1], mentions[a].rows[1]) },
	} {
		slices.SortStableFunc(all, order)
		for _, phrase := range first(all, maxDescribed/2) {
			if !slices.Contains(chosen, phrase) {
				chosen = append(chosen, phrase)
			}
		}
	}
	return chosen
}
