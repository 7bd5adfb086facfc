package main

import (
	"math"
	"slices"

	"github.com/faultline-otel/faultline/internal/score/ground"
)

// row has the features, label and weight of a text.
type row struct {
	features []float32
	label    bool
	weight   float64
	source   string
	text     string // rows that belong together have the same text
}

const (
	levels = 3  // per tree
	bins   = 24 // split points per feature
)

// grow boosts small symmetric trees on the logistic loss: all nodes of a level have the same split. The same rows give
// the same forest.
func grow(rows []row, trees int, rate, lambda float64) *ground.Forest {
	width := len(rows[0].features)
	cuts := make([][]float32, width)
	binned := make([][]uint8, width)
	for f := range width {
		values := make([]float32, len(rows))
		for i := range rows {
			values[i] = rows[i].features[f]
		}
		slices.Sort(values)
		for k := 1; k < bins; k++ {
			cut := values[k*len(values)/bins]
			if n := len(cuts[f]); n == 0 || cuts[f][n-1] < cut {
				cuts[f] = append(cuts[f], cut)
			}
		}
		binned[f] = make([]uint8, len(rows))
		for i := range rows {
			b := 0
			for b < len(cuts[f]) && rows[i].features[f] > cuts[f][b] {
				b++
			}
			binned[f][i] = uint8(b)
		}
	}
	positive, all := 0.0, 0.0
	for i := range rows {
		all += rows[i].weight
		if rows[i].label {
			positive += rows[i].weight
		}
	}
	forest := &ground.Forest{Bias: float32(math.Log(positive / (all - positive)))}
	margins := make([]float64, len(rows))
	for i := range margins {
		margins[i] = float64(forest.Bias)
	}
	g, h, leaf := make([]float64, len(rows)), make([]float64, len(rows)), make([]int, len(rows))
	for range trees {
		for i := range rows {
			p := 1 / (1 + math.Exp(-margins[i]))
			y := 0.0
			if rows[i].label {
				y = 1
			}
			g[i], h[i], leaf[i] = float64((y-p)*rows[i].weight), float64(p*(1-p)*rows[i].weight), 0
		}
		var tree ground.Tree
		for level := range levels {
			bestGain, bestFeature, bestCut := -1.0, 0, 0
			for f := range width {
				var sumG, sumH [1 << levels][bins + 1]float64
				for i := range rows {
					b := binned[f][i]
					sumG[leaf[i]][b] += g[i]
					sumH[leaf[i]][b] += h[i]
				}
				for cut := range cuts[f] {
					gain := 0.0
					for l := range 1 << level {
						var lowG, lowH, highG, highH float64
						for b := range bins {
							if b <= cut {
								lowG, lowH = lowG+sumG[l][b], lowH+sumH[l][b]
							} else {
								highG, highH = highG+sumG[l][b], highH+sumH[l][b]
							}
						}
						gain += float64(lowG*lowG)/(lowH+lambda) + float64(highG*highG)/(highH+lambda)
					}
					if gain > bestGain {
						bestGain, bestFeature, bestCut = gain, f, cut
					}
				}
			}
			tree.Feature[level] = uint8(bestFeature)
			if len(cuts[bestFeature]) > 0 {
				tree.Above[level] = cuts[bestFeature][bestCut]
			}
			for i := range rows {
				leaf[i] <<= 1
				if rows[i].features[bestFeature] > tree.Above[level] {
					leaf[i] |= 1
				}
			}
		}
		var sumG, sumH [1 << levels]float64
		for i := range rows {
			sumG[leaf[i]] += g[i]
			sumH[leaf[i]] += h[i]
		}
		for l := range tree.Leaf {
			tree.Leaf[l] = float32(float64(rate*sumG[l]) / (sumH[l] + lambda))
		}
		for i := range rows {
			margins[i] += float64(tree.Leaf[leaf[i]])
		}
		forest.Trees = append(forest.Trees, tree)
	}
	return forest
}

// auroc is the probability that a row with the failure has a greater margin than one without.
func auroc(m *ground.Forest, rows []row) float64 {
	type mark struct {
		margin float32
		label  bool
	}
	list := make([]mark, len(rows))
	for i := range rows {
		list[i] = mark{m.Margin(rows[i].features), rows[i].label}
	}
	slices.SortFunc(list, func(a, b mark) int {
		switch {
		case a.margin < b.margin:
			return -1
		case a.margin > b.margin:
			return 1
		}
		return 0
	})
	good, bad, right := 0, 0, 0.0
	for i := 0; i < len(list); {
		j, b := i, 0
		for ; j < len(list) && list[j].margin == list[i].margin; j++ {
			if list[j].label {
				b++
			}
		}
		right += float64(b*good) + float64(b*(j-i-b))/2
		good, bad, i = good+j-i-b, bad+b, j
	}
	return right / float64(max(1, good*bad))
}
