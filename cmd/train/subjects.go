package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/words"
)

func init() {
	recipes["subjects"] = recipe{path: "internal/score/ground/weights/subjects.flv", fit: func(d data) (model, error) { return subjects(d) }}
}

const (
	vocabulary = 9000
	leastTexts = 3 // that a word stands in
	rounds     = 8 // of the power iteration
)

// subjects finds which words speak of the same: the leading singular vectors of which word stands in which text. A question and
// its answer are one text.
func subjects(d data) (*ground.Vectors, error) {
	var texts [][]uint32
	add := func(parts ...string) {
		seen := map[uint32]bool{}
		var list []uint32
		for _, part := range parts {
			var t words.Text
			t.Read(part)
			ground.Stems(&t, 400, func(h uint32) {
				if !seen[h] {
					seen[h] = true
					list = append(list, h)
				}
			})
		}
		if len(list) > 2 {
			texts = append(texts, list)
		}
	}
	for _, task := range []string{"relevance", "pii", "refusal", "groundedness", "injection", "jailbreak"} {
		rows, err := d.rows(task, "train")
		if err != nil {
			return nil, err
		}
		once := map[string]bool{}
		for _, row := range rows {
			if task == "relevance" && row.Label == 1 {
				continue
			}
			key := row.Input + row.Context
			if task != "relevance" && key != "" && once[key] {
				key = ""
			} else {
				once[key] = true
			}
			add(row.Input, row.Context, row.Output)
		}
	}
	df := map[uint32]int{}
	for _, t := range texts {
		for _, h := range t {
			df[h]++
		}
	}
	type entry struct {
		stem uint32
		n    int
	}
	var list []entry
	for h, n := range df {
		if n >= leastTexts {
			list = append(list, entry{h, n})
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.stem, b.stem)) })
	list = list[:min(len(list), vocabulary)]
	at := map[uint32]int{}
	v := &ground.Vectors{Stems: make([]uint32, len(list)), Rarity: make([]uint8, len(list)), Coords: make([][ground.Dims]int8, len(list))}
	idf := make([]float64, len(list))
	for i, e := range list {
		at[e.stem], v.Stems[i] = i, e.stem
		idf[i] = math.Log(float64(len(texts)) / float64(e.n))
		v.Rarity[i] = uint8(min(255, math.Round(16*idf[i])))
	}
	r := rand.New(rand.NewPCG(6, 6))
	coords := make([][ground.Dims]float64, len(list))
	for i := range coords {
		for k := range coords[i] {
			coords[i][k] = r.NormFloat64()
		}
	}
	for range rounds {
		orthogonal(coords)
		next := make([][ground.Dims]float64, len(list))
		for _, t := range texts {
			var sum [ground.Dims]float64
			norm := 0.0
			for _, h := range t {
				if i, ok := at[h]; ok {
					norm += float64(idf[i] * idf[i])
					for k := range sum {
						sum[k] += float64(idf[i] * coords[i][k])
					}
				}
			}
			if norm == 0 {
				continue
			}
			for _, h := range t {
				if i, ok := at[h]; ok {
					for k := range sum {
						next[i][k] += float64(idf[i]*sum[k]) / norm
					}
				}
			}
		}
		coords = next
	}
	for i := range coords { // each word as long as any other: how rare it is weighs it
		norm := 0.0
		for _, x := range coords[i] {
			norm += float64(x * x)
		}
		for k, x := range coords[i] {
			if norm > 0 {
				v.Coords[i][k] = int8(math.Round(127 * x / math.Sqrt(norm)))
			}
		}
	}
	v.Index()
	return v, nil
}

// orthogonal makes the columns orthogonal and of length 1 (Gram and Schmidt).
func orthogonal(m [][ground.Dims]float64) {
	for k := range ground.Dims {
		for j := range k {
			dot := 0.0
			for i := range m {
				dot += float64(m[i][k] * m[i][j])
			}
			for i := range m {
				m[i][k] -= float64(dot * m[i][j])
			}
		}
		norm := 0.0
		for i := range m {
			norm += float64(m[i][k] * m[i][k])
		}
		norm = math.Sqrt(norm)
		for i := range m {
			m[i][k] /= norm
		}
	}
}
