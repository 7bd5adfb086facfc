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
const Dims = 32

// Vectors are the subjects of words: words that stand in the same texts point the same way. Made by latent semantic analysis
// (Deerwester et al., 1990).
type Vectors struct {
	Stems  []uint32
	Rarity []uint8 // inverse document frequency, in sixteenths of a nat
	Coords [][Dims]int8

	slots []uint32 // index + 1 of a stem, by its hash
}

const (
	vectorMagic = "FLV1"
	slotBits    = 15
	maxVectors  = 1 << (slotBits - 1)
)

// Marshal writes vectors as a file: the same vectors, the same bytes.
func (v *Vectors) Marshal() []byte {
	var body bytes.Buffer
	_ = binary.Write(&body, binary.LittleEndian, uint32(len(v.Stems))) // a buffer in memory takes everything
	_ = binary.Write(&body, binary.LittleEndian, v.Stems)
	_ = binary.Write(&body, binary.LittleEndian, v.Rarity)
	_ = binary.Write(&body, binary.LittleEndian, v.Coords)
	var file bytes.Buffer
	z, _ := gzip.NewWriterLevel(&file, gzip.BestCompression)
	_, _ = z.Write([]byte(vectorMagic))
	_ = binary.Write(z, binary.LittleEndian, crc32.ChecksumIEEE(body.Bytes()))
	_, _ = z.Write(body.Bytes())
	_ = z.Close()
	return file.Bytes()
}

// maxVectorFile bounds what a file unpacks to.
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
	if len(raw) < 12 || string(raw[:4]) != vectorMagic || crc32.ChecksumIEEE(raw[8:]) != binary.LittleEndian.Uint32(raw[4:]) {
		return nil, errors.New("vector file: it is damaged")
	}
	n := binary.LittleEndian.Uint32(raw[8:])
	if n > maxVectors {
		return nil, errors.New("vector file: it holds too many words")
	}
	v := &Vectors{Stems: make([]uint32, n), Rarity: make([]uint8, n), Coords: make([][Dims]int8, n)}
	r := bytes.NewReader(raw[12:])
	if err := errors.Join(binary.Read(r, binary.LittleEndian, v.Stems), binary.Read(r, binary.LittleEndian, v.Rarity), binary.Read(r, binary.LittleEndian, v.Coords)); err != nil {
		return nil, err
	}
	v.Index()
	return v, nil
}

// Index makes the vectors ready to be looked up.
func (v *Vectors) Index() {
	v.slots = make([]uint32, 1<<slotBits)
	for i, h := range v.Stems {
		at := h * 0x9e3779b1 >> (32 - slotBits)
		for v.slots[at] != 0 {
			at = (at + 1) & (1<<slotBits - 1)
		}
		v.slots[at] = uint32(i + 1)
	}
}

// find is the index of a stem, -1 where it is not known.
func (v *Vectors) find(h uint32) int {
	for at := h * 0x9e3779b1 >> (32 - slotBits); ; at = (at + 1) & (1<<slotBits - 1) {
		i := v.slots[at]
		if i == 0 {
			return -1
		}
		if v.Stems[i-1] == h {
			return int(i - 1)
		}
	}
}

// rarity is the inverse document frequency of a stem, in nats. What is not known is rare.
func (v *Vectors) rarity(h uint32) float32 {
	if i := v.find(h); i >= 0 {
		return float32(v.Rarity[i]) / 16
	}
	return unknownRarity
}

const unknownRarity = 9

// Stems calls each with the stems of the words with a meaning, at most so many from the beginning.
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

// maxSubject is how many words with a meaning make the subject of a text, maxOpening that of its beginning.
const (
	maxSubject = 64
	maxOpening = 12
)

// subject is where the first words with a meaning point. It is no unit vector.
func (v *Vectors) subject(list []words.Word, source string, most int, sum *[Dims]float32) {
	*sum = [Dims]float32{}
	n := 0
	for i := range list {
		w := &list[i]
		if kindOf(w)&(common|making|changing) != 0 || w.Flags.Is(words.Number) {
			continue
		}
		if n++; n > most {
			return
		}
		at := v.find(stem(source, w))
		if at < 0 {
			continue
		}
		weight := float32(v.Rarity[at])
		c := &v.Coords[at]
		for d := range c {
			sum[d] += weight * float32(c[d])
		}
	}
}

// cosine of two subjects, 0 where one has none.
func cosine(a, b *[Dims]float32) float32 {
	var ab, aa, bb float32
	for d := range a {
		ab += a[d] * b[d]
		aa += a[d] * a[d]
		bb += b[d] * b[d]
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / float32(math.Sqrt(float64(aa)*float64(bb)))
}

//go:embed weights/subjects.flv
var subjectsFile []byte

var subjects = sync.OnceValues(func() (*Vectors, error) { return unmarshalVectors(subjectsFile) })
