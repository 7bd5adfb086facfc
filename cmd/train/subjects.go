package main

import (
	"cmp"
	_ "embed"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/words"
)

func init() {
	recipes["subjects"] = recipe{path: "internal/score/ground/weights/subjects.flv", fit: func(d data) (model,
		error,
	) {
		return subjects(d, -1)
	}}
}

// related has the words of one subject per line, written by hand: common topics that are rare in the corpus.
//
//go:embed subjects.txt
var related string

const (
	vocabulary  = 16000
	leastTexts  = 2    // minimum number of texts with a word
	rounds      = 4    // rounds of the iteration
	mostWords   = 400  // words of a text that count
	pieceBytes  = 1500 // size of the pieces of a long document: distant parts are hardly related
	pairWeight  = 3    // weight of a question with its answer: their common words are the topic
	shortAnswer = 150  // bytes; a shorter answer need not repeat words of the question
	rarities    = 16   // neighbouring values of a rarity byte that count as equal
	usualWeight = 4    // weight of the average, in questions
	draws       = 20   // draws from a line of related words
	drawn       = 10   // words per draw
)

// document has the words of a text and its weight. For a pair it also has the words of the question.
type document struct {
	stems        []uint32
	weight       float64
	asked, taken []uint32
}

// documents are the texts that show which words belong to the same subject. If a fold is left out, they have none of
// its questions.
func (d data) documents(leave int) ([]document, error) {
	var list []document
	add := func(weight float64, parts ...string) *document {
		var stems []uint32
		for _, part := range parts {
			stems = append(stems, stemsOf(part)...)
		}
		slices.Sort(stems)
		if stems = slices.Compact(stems); len(stems) > 2 {
			list = append(list, document{stems: stems, weight: weight})
			return &list[len(list)-1]
		}
		return nil
	}
	pairs, err := d.rows("relevance", "train")
	if err != nil {
		return nil, err
	}
	for _, row := range pairs {
		if row.Label == 0 && fold(row.Input) != leave {
			if pair := add(pairWeight, row.Input, row.Output); pair != nil && len(row.Output) >= shortAnswer {
				pair.asked, pair.taken = stemsOf(row.Input), stemsOf(row.Output)
			}
		}
	}
	once := map[string]bool{}
	for _, task := range []string{"pii", "refusal", "groundedness", "injection", "jailbreak"} {
		rows, err := d.rows(task, "train")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.Source == "halueval-general" { // a duplicate of the pairs
				continue
			}
			if said := row.Input + row.Output; !once[said] {
				once[said] = true
				add(1, row.Input, row.Output)
			}
			if once[row.Context] || task == "injection" && row.Label == 1 { // the same documents with an injected order
				continue
			}
			once[row.Context] = true
			for at := 0; at < len(row.Context); at += pieceBytes {
				add(1, row.Context[at:min(at+pieceBytes, len(row.Context))])
			}
		}
	}
	r := rand.New(rand.NewPCG(4, 4))
	for line := range strings.Lines(related) {
		list := strings.Fields(line)
		for range draws {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			add(1, strings.Join(list[:min(len(list), drawn)], " "))
		}
	}
	return list, nil
}

// stemsOf returns the distinct words of a text.
func stemsOf(text string) []uint32 {
	var t words.Text
	t.Read(text)
	var stems []uint32
	ground.Stems(&t, mostWords, func(h uint32) { stems = append(stems, h) })
	slices.Sort(stems)
	return slices.Compact(stems)
}

// subjects finds words of the same subject: the leading singular vectors of the word-text matrix, all with the same
// weight. A large singular value only means that the vector is about what most texts have in common.
func subjects(d data, leave int) (*ground.Vectors, error) {
	documents, err := d.documents(leave)
	if err != nil {
		return nil, err
	}
	df, total := map[uint32]float64{}, 0.0
	for _, t := range documents {
		total += t.weight
		for _, h := range t.stems {
			df[h] += t.weight
		}
	}
	stems := slices.Collect(keys(df))
	stems = slices.DeleteFunc(stems, func(h uint32) bool { return df[h] < leastTexts })
	slices.SortFunc(stems, func(a, b uint32) int { return cmp.Or(cmp.Compare(df[b], df[a]), cmp.Compare(a, b)) })
	stems = stems[:min(len(stems), vocabulary)]
	at := map[uint32]int{}
	idf, rarity := make([]float64, len(stems)), make([]uint8, len(stems))
	for i, h := range stems {
		at[h] = i
		idf[i] = math.Log(total / df[h])
		rarity[i] = uint8(min(255, math.Round(16*idf[i])))
	}
	for i := range documents { // from here on words are indices
		known := documents[i].stems[:0]
		for _, h := range documents[i].stems {
			if k, ok := at[h]; ok {
				known = append(known, uint32(k))
			}
		}
		documents[i].stems = known
	}
	taken := takenUp(documents, at, rarity)
	r := rand.New(rand.NewPCG(6, 6))
	coords := make([][]float64, len(stems))
	for i := range coords {
		coords[i] = make([]float64, ground.Dims)
		for k := range coords[i] {
			coords[i][k] = r.NormFloat64()
		}
	}
	orthonormal(coords)
	for range rounds {
		coords = spread(documents, idf, coords)
		orthonormal(coords)
	}
	for i := range coords { // the length of a word's vector is its rarity
		norm := 0.0
		for _, x := range coords[i] {
			norm += float64(x * x)
		}
		for k := range coords[i] {
			if norm > 0 {
				coords[i][k] *= idf[i] / math.Sqrt(norm)
			}
		}
	}
	return ground.NewVectors(stems, rarity, taken, coords), nil
}

// takenUp is how often answers repeat a word of the question, in 255ths. For words in few questions it is mostly the
// average of words that are as rare.
func takenUp(documents []document, at map[uint32]int, rarity []uint8) []uint8 {
	type tally struct{ asked, taken float64 }
	words, alike := make([]tally, len(rarity)), [256 / rarities]tally{}
	for _, t := range documents {
		for _, h := range t.asked {
			i, known := at[h]
			if !known {
				continue
			}
			words[i].asked++
			alike[rarity[i]/rarities].asked++
			if _, there := slices.BinarySearch(t.taken, h); there {
				words[i].taken++
				alike[rarity[i]/rarities].taken++
			}
		}
	}
	list := make([]uint8, len(rarity))
	for i, w := range words {
		a := alike[rarity[i]/rarities]
		usual := (a.taken + 1) / (a.asked + 2)
		list[i] = uint8(math.Round(255 * (w.taken + float64(usualWeight*usual)) / (w.asked + usualWeight)))
	}
	return list
}

// spread sets each word to the sum of its texts, each of which is the sum of its words.
func spread(documents []document, idf []float64, coords [][]float64) [][]float64 {
	next := make([][]float64, len(coords))
	for i := range next {
		next[i] = make([]float64, ground.Dims)
	}
	var sum [ground.Dims]float64
	for _, t := range documents {
		clear(sum[:])
		norm := 0.0
		for _, i := range t.stems {
			norm += float64(idf[i] * idf[i])
			for k, x := range coords[i] {
				sum[k] += float64(idf[i] * x)
			}
		}
		if norm == 0 {
			continue
		}
		for _, i := range t.stems {
			weight := float64(t.weight*idf[i]) / norm
			row := next[i]
			for k := range row {
				row[k] += float64(weight * sum[k])
			}
		}
	}
	return next
}

// orthonormal makes the columns orthogonal and of length 1. It uses the Cholesky factor of their products, which needs
// one row at a time.
func orthonormal(m [][]float64) {
	l := new([ground.Dims][ground.Dims]float64)
	for _, row := range m {
		for k, x := range row {
			for j, y := range row[:k+1] {
				l[k][j] += float64(x * y)
			}
		}
	}
	for k := range l {
		row := l[k][:k+1]
		for j, above := range l[:k] {
			row[j] = without(row[j], row[:j], above[:j]) / above[j]
		}
		row[k] = math.Sqrt(max(without(row[k], row[:k], row[:k]), 1e-12))
	}
	for _, row := range m {
		for k := range row {
			row[k] = without(row[k], l[k][:k], row[:k]) / l[k][k]
		}
	}
}

// without subtracts the products of two rows from x, one by one, so that rounding is the same on every machine.
func without(x float64, a, b []float64) float64 {
	for q := range a {
		x -= float64(a[q] * b[q])
	}
	return x
}
