package main

import (
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
)

// grammar has hand-written phrases. {a|b|c} is a choice and can be nested; <name> is one of the phrases of that name.
type grammar map[string][]string

// say draws n texts from the phrases of a name. The same seed gives the same texts.
func (g grammar) say(name string, n int, seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 42))
	list := make([]string, n)
	for i := range list {
		// Use every phrase in turn, so that none is left out.
		list[i] = g.expand(g[name][i%len(g[name])], r)
	}
	return list
}

func (g grammar) expand(phrase string, r *rand.Rand) string {
	var b strings.Builder
	for i := 0; i < len(phrase); i++ {
		switch phrase[i] {
		case '{':
			depth, start := 0, i+1
			var options []string
		choice:
			for ; ; i++ {
				if i == len(phrase) {
					panic("a brace is not closed in: " + phrase)
				}
				switch phrase[i] {
				case '{':
					depth++
				case '|':
					if depth == 1 {
						options = append(options, phrase[start:i])
						start = i + 1
					}
				case '}':
					if depth--; depth == 0 {
						options = append(options, phrase[start:i])
						break choice
					}
				}
			}
			b.WriteString(g.expand(options[r.IntN(len(options))], r))
		case '<':
			name, _, closed := strings.Cut(phrase[i+1:], ">")
			list := g[name]
			if !closed || len(list) == 0 { // a literal character
				b.WriteByte('<')
				continue
			}
			b.WriteString(g.expand(list[r.IntN(len(list))], r))
			i += len(name) + 1
		default:
			b.WriteByte(phrase[i])
		}
	}
	return b.String()
}

// samples are drawn texts with a label.
func (g grammar) samples(name string, n int, label bool) []sample {
	var list []sample
	for _, t := range g.say(name, n, uint64(len(name))) {
		list = append(list, sample{text: t, label: label, source: "written " + name})
	}
	return list
}

func root(x float64) float64 { return math.Sqrt(x) }

func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }
