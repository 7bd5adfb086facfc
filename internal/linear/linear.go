// Package linear implements linear models over the words of a text. A model has a weight for each word and, depending
// on its order, for each pair and triple of neighbours, hashed into one table of bytes. It also has weights for
// hand-made features.
package linear

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/faultline-otel/faultline/internal/words"
)

// Shape defines the inputs of a model.
type Shape struct {
	Order int // the longest run of words that has a weight: 1 to 3; 4 adds pairs with one word between
	Bits  int // the table has 1<<Bits weights: 10 to 20
	Dense int // number of hand-made features
	// Memory leaves out a word that stood among so many words before, and the runs that end in it: what a text repeats
	// must not add up. 0 leaves out none; at most MaxMemory.
	Memory int
}

// Model is a trained model. It is immutable.
type Model struct {
	Shape
	weights []int8
	scale   float32 // of a weight
	bias    float32
	dense   []float32
}

// Window is a run of words with the sum of the weights of all words, pairs and triples that end in it. It includes the
// words before, because pairs and triples begin there.
type Window struct {
	Sum        float32
	From, Upto int
}

// MaxWindow is the greatest number of words in a window.
const MaxWindow = 64

// Sum adds the weights of all words, pairs and triples of a text.
func (m *Model) Sum(list []words.Word) float32 {
	_, sum := m.Peak(list, 1)
	return sum
}

// Peak returns the window of at most width words with the greatest sum, and the sum of all words. Both are zero
// without words.
func (m *Model) Peak(list []words.Word, width int) (peak Window, sum float32) {
	if len(list) == 0 {
		return Window{}, 0
	}
	width = min(width, MaxWindow)
	var ring [MaxWindow]int32 // the weights of the words in the window; before the first they are 0
	weights, shift, pairs, triples := m.weights, (32-uint(m.Bits))%32, m.Order > 1, m.Order > 2
	all, running, best, end := int32(0), int32(0), int32(math.MinInt32), 0
	slot, one, two := 0, uint32(0), uint32(0) // the place in the ring, and the hashes of the previous words
	for i := range list {
		w := &list[i]
		h := id(w)
		if w.Flags.Is(words.Gap) {
			one, two = 0, 0
		}
		weight := int32(weights[h>>shift])
		if one != 0 && pairs {
			weight += int32(weights[pair(one, h)>>shift])
			if two != 0 && triples {
				weight += int32(weights[triple(two, one, h)>>shift])
			}
		}
		two, one = one, h
		running += weight - ring[slot%MaxWindow]
		ring[slot%MaxWindow] = weight
		if slot++; slot == width {
			slot = 0
		}
		all += weight
		if running > best {
			best, end = running, i+1
		}
	}
	return Window{Sum: float32(best) * m.scale, From: max(0, end-width-m.Order+1), Upto: end}, float32(all) * m.scale
}

// Margin returns the log-odds: the bias, a sum of weights scaled as in training, and the hand-made features.
func (m *Model) Margin(sum float32, dense []float32) float32 {
	margin := m.bias + sum
	for i, w := range m.dense {
		margin += w * dense[i]
	}
	return margin
}

// id returns the hash of a word. All numbers have the same.
func id(w *words.Word) uint32 {
	if w.Flags.Is(words.Number) {
		return 0x6e756d62
	}
	return w.Hash | 1 // never 0, which stands for no word
}

func pair(a, b uint32) uint32      { return (a*0x85ebca6b + b) * 0x9e3779b1 }
func triple(a, b, c uint32) uint32 { return ((a*0xc2b2ae35+b)*0x85ebca6b + c) * 0x9e3779b1 }
func apart(a, b uint32) uint32     { return (a*0x27d4eb2f + b) * 0x9e3779b1 }

// Slots appends the table indexes of all words, pairs and triples of a text, which Sum adds up. Training uses it.
func (s Shape) Slots(slots []uint32, list []words.Word) []uint32 {
	shift := 32 - uint(s.Bits)
	one, two := uint32(0), uint32(0)
	var seen recent
	for i := range list {
		h := id(&list[i])
		if list[i].Flags.Is(words.Gap) {
			one, two = 0, 0
		}
		if s.Memory > 0 && seen.again(h, i, s.Memory) {
			two, one = one, h
			continue
		}
		slots = append(slots, h>>shift)
		if s.Order > 1 && one != 0 {
			slots = append(slots, pair(one, h)>>shift)
			if s.Order > 2 && two != 0 {
				slots = append(slots, triple(two, one, h)>>shift)
				if s.Order > 3 {
					slots = append(slots, apart(two, h)>>shift)
				}
			}
		}
		two, one = one, h
	}
	return slots
}

func (s Shape) validate() error {
	if s.Order < 1 || s.Order > 4 || s.Memory < 0 || s.Memory > MaxMemory || s.Bits < 10 || s.Bits > 20 ||
		s.Dense < 0 || s.Dense > 64 {
		return fmt.Errorf("unsupported model shape %+v", s)
	}
	return nil
}

// magic starts a model file: Faultline linear model, format 1.
const magic = "FLM1"

// header follows the magic, little-endian.
type header struct {
	Order, Bits, Dense, Memory uint8
	Scale, Bias                float32
	Sum                        uint32 // CRC-32 of the rest
}

// Marshal encodes a model as a file. The same model gives the same bytes.
func (m *Model) Marshal() []byte {
	var body bytes.Buffer
	_ = binary.Write(&body, binary.LittleEndian, m.dense)
	_ = binary.Write(&body, binary.LittleEndian, m.weights)
	var file bytes.Buffer
	z, _ := gzip.NewWriterLevel(&file, gzip.BestCompression)
	_, _ = z.Write([]byte(magic))
	_ = binary.Write(z, binary.LittleEndian, header{
		Order: uint8(m.Order), Bits: uint8(m.Bits), Dense: uint8(m.Dense), Memory: uint8(m.Memory),
		Scale: m.scale, Bias: m.bias,
		Sum: crc32.ChecksumIEEE(body.Bytes()),
	})
	_, _ = z.Write(body.Bytes())
	_ = z.Close() // writes to memory cannot fail
	return file.Bytes()
}

// maxFile bounds the size of an unpacked model file.
const maxFile = 2 << 20

// Unmarshal decodes a file from Marshal.
func Unmarshal(file []byte) (*Model, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxFile))
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	if !bytes.HasPrefix(raw, []byte(magic)) {
		return nil, errors.New("model file: it does not start with " + magic)
	}
	r := bytes.NewReader(raw[len(magic):])
	var h header
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	shape := Shape{Order: int(h.Order), Bits: int(h.Bits), Dense: int(h.Dense), Memory: int(h.Memory)}
	m := &Model{Shape: shape, scale: h.Scale, bias: h.Bias}
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	if crc32.ChecksumIEEE(raw[len(raw)-r.Len():]) != h.Sum {
		return nil, errors.New("model file: the checksum is wrong")
	}
	m.dense, m.weights = make([]float32, m.Dense), make([]int8, 1<<m.Bits)
	err = errors.Join(binary.Read(r, binary.LittleEndian, m.dense), binary.Read(r, binary.LittleEndian, m.weights))
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	return m, nil
}

// Version identifies a model by its content.
func Version(file []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(file)) }
