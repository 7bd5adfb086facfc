package text

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Vocabulary is the words that prose is made of, and which of them are known to follow each other, in two filters: some words and
// pairs more seem known than are.
type Vocabulary struct {
	words [1 << (wordBits - 6)]uint64
	pairs [1 << (pairBits - 6)]uint64
}

const (
	wordBits = 17
	pairBits = 20
)

// AddWord and AddPair make words known, by their hashes.
func (v *Vocabulary) AddWord(word uint32) {
	a, b := wordPlaces(word)
	v.words[a>>6] |= 1 << (a & 63)
	v.words[b>>6] |= 1 << (b & 63)
}

// AddPair makes a pair known.
func (v *Vocabulary) AddPair(first, second uint32) {
	p := pairPlace(first, second)
	v.pairs[p>>6] |= 1 << (p & 63)
}

func (v *Vocabulary) knows(word uint32) bool {
	a, b := wordPlaces(word)
	return v.words[a>>6]>>(a&63)&(v.words[b>>6]>>(b&63))&1 != 0
}

func (v *Vocabulary) pair(first, second uint32) bool {
	p := pairPlace(first, second)
	return v.pairs[p>>6]>>(p&63)&1 != 0
}

func wordPlaces(h uint32) (a, b uint32) {
	return h >> (32 - wordBits), h * 0x9e3779b1 >> (32 - wordBits)
}

func pairPlace(a, b uint32) uint32 { return (a*0x85ebca6b + b) * 0xc2b2ae35 >> (32 - pairBits) }

// Marshal writes the vocabulary as a file.
func (v *Vocabulary) Marshal() []byte {
	var file bytes.Buffer
	z, _ := gzip.NewWriterLevel(&file, gzip.BestCompression)
	for _, bits := range [][]uint64{v.words[:], v.pairs[:]} {
		for _, w := range bits {
			_, _ = z.Write([]byte{byte(w), byte(w >> 8), byte(w >> 16), byte(w >> 24), byte(w >> 32), byte(w >> 40), byte(w >> 48), byte(w >> 56)})
		}
	}
	_ = z.Close() // a buffer in memory takes everything
	return file.Bytes()
}

// vocabularyFile is where the vocabulary is embedded from.
const vocabularyFile = "weights/vocabulary.gz"

// theVocabulary is read on first use.
var theVocabulary = sync.OnceValues(func() (*Vocabulary, error) {
	file, err := weights.ReadFile(vocabularyFile)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", vocabularyFile, err)
	}
	v := &Vocabulary{}
	raw, err := io.ReadAll(io.LimitReader(z, int64(8*(len(v.words)+len(v.pairs)))))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", vocabularyFile, err)
	}
	if len(raw) != 8*(len(v.words)+len(v.pairs)) {
		return nil, errors.New(vocabularyFile + ": it is too short")
	}
	for _, bits := range [][]uint64{v.words[:], v.pairs[:]} {
		for i := range bits {
			for k := range 8 {
				bits[i] |= uint64(raw[k]) << (8 * k)
			}
			raw = raw[8:]
		}
	}
	return v, nil
})
