package ground

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"sync"

	"github.com/faultline-otel/faultline/internal/words"
)

// Dims is the length of a word's vector.
const Dims = 256

// lanes is how many 64-bit integers a vector takes: each holds sixteen numbers of four bits.
const lanes = Dims / 16

// Vectors are the subjects of words: words that appear in the same texts have similar vectors. They come from latent
// semantic analysis (https://en.wikipedia.org/wiki/Latent_semantic_analysis). A rare word has a long vector.
type Vectors struct {
	Stems  []uint32
	Rarity []uint8 // inverse document frequency, in sixteenths of a nat
	Taken  []uint8 // how often an answer has the word if the question has it, in 255ths
	Coords [][lanes]uint64

	slots   []uint64 // by the hash of a stem: stem << 32 | index + 1
	squares []int32  // of the vectors
}

// NewVectors packs vectors of Dims numbers, which are near 1 at most, into four bits a number. A subject is a sum of
// dozens of words, in which rounding errors cancel out.
func NewVectors(stems []uint32, rarity, taken []uint8, coords [][]float64) *Vectors {
	v := &Vectors{Stems: stems, Rarity: rarity, Taken: taken, Coords: make([][lanes]uint64, len(stems))}
	for i := range coords {
		for d, x := range coords[i] {
			c := min(max(int(math.Round(x*steps)), 1-middle), middle-1)
			v.Coords[i][d/16] |= uint64(c+middle) << (d % 16 * 4)
		}
	}
	v.Index()
	return v
}

const (
	middle = 8   // stands for 0
	steps  = 5.0 // per unit: the longest vectors fill four bits, shorter ones are rounded more
)

const (
	vectorMagic = "FLV2"
	slotBits    = 15
	maxVectors  = 1 << (slotBits - 1)
)

// Marshal encodes vectors as a file. The same vectors give the same bytes.
func (v *Vectors) Marshal() []byte {
	var body bytes.Buffer
	_ = binary.Write(&body, binary.LittleEndian, uint32(len(v.Stems))) // writes to memory cannot fail
	_ = binary.Write(&body, binary.LittleEndian, v.Stems)
	_ = binary.Write(&body, binary.LittleEndian, v.Rarity)
	_ = binary.Write(&body, binary.LittleEndian, v.Taken)
	_ = binary.Write(&body, binary.LittleEndian, v.Coords)
	var file bytes.Buffer
	z, _ := gzip.NewWriterLevel(&file, gzip.BestCompression)
	_, _ = z.Write([]byte(vectorMagic))
	_ = binary.Write(z, binary.LittleEndian, crc32.ChecksumIEEE(body.Bytes()))
	_, _ = z.Write(body.Bytes())
	_ = z.Close()
	return file.Bytes()
}

// maxVectorFile bounds the size of an unpacked file.
const maxVectorFile = 4 << 20

func unmarshalVectors(file []byte) (*Vectors, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxVectorFile))
	if err != nil {
		return nil, err
	}
	if len(raw) < 12 || string(raw[:4]) != vectorMagic ||
		crc32.ChecksumIEEE(raw[8:]) != binary.LittleEndian.Uint32(raw[4:]) {
		return nil, errors.New("vector file: it is damaged")
	}
	n := binary.LittleEndian.Uint32(raw[8:])
	if n > maxVectors {
		return nil, errors.New("vector file: it has too many words")
	}
	v := &Vectors{
		Stems: make([]uint32, n), Rarity: make([]uint8, n), Taken: make([]uint8, n), Coords: make([][lanes]uint64, n),
	}
	r := bytes.NewReader(raw[12:])
	for _, list := range []any{v.Stems, v.Rarity, v.Taken, v.Coords} {
		if err := binary.Read(r, binary.LittleEndian, list); err != nil {
			return nil, err
		}
	}
	v.Index()
	return v, nil
}

// Index prepares the vectors for lookups.
func (v *Vectors) Index() {
	v.slots, v.squares = make([]uint64, 1<<slotBits), make([]int32, len(v.Stems))
	for i, h := range v.Stems {
		for _, c := range v.Coords[i] {
			for range 16 {
				x := int32(c&15) - middle
				v.squares[i] += x * x
				c >>= 4
			}
		}
		at := h * 0x9e3779b1 >> (32 - slotBits)
		for v.slots[at] != 0 {
			at = (at + 1) & (1<<slotBits - 1)
		}
		v.slots[at] = uint64(h)<<32 | uint64(i+1)
	}
}

// find returns the index of a stem, -1 if it is not known.
func (v *Vectors) find(h uint32) int {
	for at := h * 0x9e3779b1 >> (32 - slotBits); ; at = (at + 1) & (1<<slotBits - 1) {
		known := v.slots[at]
		if known == 0 {
			return -1
		}
		if uint32(known>>32) == h {
			return int(uint32(known)) - 1
		}
	}
}

// rarity returns the inverse document frequency of the word at an index of find, in nats. Unknown words are rare.
func (v *Vectors) rarity(at int) float32 {
	if at >= 0 {
		return float32(v.Rarity[at]) / 16
	}
	return unknownRarity
}

// omission returns how much the omission of a word of the question counts against an answer, in nats.
func (v *Vectors) omission(at int) float32 {
	if at >= 0 {
		return omissions[v.Taken[at]]
	}
	return omissions[unknownTaken]
}

var omissions = func() (list [256]float32) {
	for i := range list {
		list[i] = float32(-math.Log1p(-float64(i) / 256))
	}
	return list
}()

// near returns the cosine of a word and a subject.
func (v *Vectors) near(at int, to *direction) float32 {
	dot := -middle * to.sum
	for l, c := range &v.Coords[at] {
		for i := range 4 { // the fields of a lane, in the order of subject.point
			a, b, d, e := int32(c&15), int32(c>>8&15), int32(c>>4&15), int32(c>>12&15)
			of := l*4 + i
			dot += a*to.at[of] + b*to.at[Dims/4+of] + d*to.at[Dims/2+of] + e*to.at[Dims/4*3+of]
			c >>= 16
		}
	}
	return cosineOf(dot, v.squares[at], to.square)
}

const unknownTaken = 128

const unknownRarity = 9

// Stems calls each with the stems of the first words, without common words and numbers, at most so many.
func Stems(t *words.Text, most int, each func(uint32)) {
	for i := range t.Words {
		w := &t.Words[i]
		if kindOf(w)&common != 0 || w.Flags.Is(words.Number) {
			continue
		}
		if most--; most < 0 {
			return
		}
		each(stem(t.Source, w))
	}
}

// maxSubject is how many words make the subject of a text, maxOpening that of its beginning. Common words do not count.
const (
	maxSubject = 64
	maxOpening = 12
)

// subject is the sum of the vectors of words. It adds in bytes, and carries over into sixteen bits before they
// overflow.
type subject struct {
	bytes [2][lanes]uint64
	sums  [4][lanes]uint64
	words int // in the sum
	fresh int // of these, not carried over yet
}

// fullBytes is how many numbers of four bits can be added in a byte.
const fullBytes = 255 / 15

// add adds a word. At most maxSubject words keep the sums below sixteen bits.
func (s *subject) add(c *[lanes]uint64) {
	const nibbles = 0x0f0f0f0f0f0f0f0f
	low, high := &s.bytes[0], &s.bytes[1]
	for l := 0; l < lanes; l += 4 {
		v, w, x, y := c[l], c[l+1], c[l+2], c[l+3]
		low[l] += v & nibbles
		low[l+1] += w & nibbles
		low[l+2] += x & nibbles
		low[l+3] += y & nibbles
		high[l] += v >> 4 & nibbles
		high[l+1] += w >> 4 & nibbles
		high[l+2] += x >> 4 & nibbles
		high[l+3] += y >> 4 & nibbles
	}
	s.words++
	if s.fresh++; s.fresh == fullBytes {
		s.carry()
	}
}

func (s *subject) carry() {
	const bytes = 0x00ff00ff00ff00ff
	for l := range lanes {
		s.sums[0][l] += s.bytes[0][l] & bytes
		s.sums[1][l] += s.bytes[0][l] >> 8 & bytes
		s.sums[2][l] += s.bytes[1][l] & bytes
		s.sums[3][l] += s.bytes[1][l] >> 8 & bytes
	}
	s.bytes, s.fresh = [2][lanes]uint64{}, 0
}

// direction is a subject to compare with others: the sum of its vectors, the sum of that, and its square.
type direction struct {
	at          [Dims]int32
	sum, square int32
}

// point returns the direction of a subject. The order of its numbers differs from that of a vector, but is the same for
// all subjects.
func (s *subject) point(d *direction) {
	s.carry()
	shift := int32(middle * s.words)
	d.sum, d.square = 0, 0
	for k := range s.sums {
		for l, v := range &s.sums[k] {
			to := d.at[k*Dims/4+l*4:][:4]
			to[0], to[1] = int32(v&0xffff)-shift, int32(v>>16&0xffff)-shift
			to[2], to[3] = int32(v>>32&0xffff)-shift, int32(v>>48)-shift
			d.sum += to[0] + to[1] + to[2] + to[3]
			d.square += to[0]*to[0] + to[1]*to[1] + to[2]*to[2] + to[3]*to[3]
		}
	}
}

// cosine returns the cosine of two subjects, 0 if one is empty.
func cosine(a, b *direction) float32 {
	dot := int32(0)
	for i := 0; i < Dims; i += 4 {
		x, y := a.at[i:][:4], b.at[i:][:4]
		dot += x[0]*y[0] + x[1]*y[1] + x[2]*y[2] + x[3]*y[3]
	}
	return cosineOf(dot, a.square, b.square)
}

func cosineOf(dot, a, b int32) float32 {
	if a == 0 || b == 0 {
		return 0
	}
	return float32(dot) / float32(math.Sqrt(float64(a)*float64(b)))
}

//go:embed weights/subjects.flv
var subjectsFile []byte

var subjects = sync.OnceValues(func() (*Vectors, error) { return unmarshalVectors(subjectsFile) })
