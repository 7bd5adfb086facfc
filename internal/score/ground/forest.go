package ground

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Forest is a sum of small decision trees over features. It gives the log-odds of a failure, and is immutable.
type Forest struct {
	Bias  float32
	Trees []Tree
}

// Tree compares three features with thresholds, and has a value for each of the eight results.
type Tree struct {
	Feature [depth]uint8
	Above   [depth]float32
	Leaf    [1 << depth]float32
}

const depth = 3

// Margin returns the log-odds for the features.
func (m *Forest) Margin(f []float32) float32 {
	margin := m.Bias
	for i := range m.Trees {
		t := &m.Trees[i]
		margin += t.Leaf[t.above(f, 0)<<2|t.above(f, 1)<<1|t.above(f, 2)]
	}
	return margin
}

// above returns 1 if a feature is above its threshold, else 0. It takes no branch, because a processor could not
// predict it.
func (t *Tree) above(f []float32, d int) (yes uint8) {
	if f[t.Feature[d]] > t.Above[d] {
		yes = 1
	}
	return yes
}

const magic = "FLF1"

// Marshal encodes a forest as a file. The same forest gives the same bytes.
func (m *Forest) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(magic)
	_ = binary.Write(&b, binary.LittleEndian, m.Bias) // writes to memory cannot fail
	_ = binary.Write(&b, binary.LittleEndian, uint32(len(m.Trees)))
	_ = binary.Write(&b, binary.LittleEndian, m.Trees)
	_ = binary.Write(&b, binary.LittleEndian, crc32.ChecksumIEEE(b.Bytes()))
	return b.Bytes()
}

// maxTrees bounds the memory that a file may request.
const maxTrees = 10_000

func unmarshal(file []byte, features int) (*Forest, error) {
	if len(file) < len(magic)+12 || string(file[:len(magic)]) != magic {
		return nil, errors.New("model file: it does not start with " + magic)
	}
	body, sum := file[:len(file)-4], binary.LittleEndian.Uint32(file[len(file)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return nil, errors.New("model file: the checksum is wrong")
	}
	r := bytes.NewReader(body[len(magic):])
	var m Forest
	var n uint32
	err := errors.Join(binary.Read(r, binary.LittleEndian, &m.Bias), binary.Read(r, binary.LittleEndian, &n))
	if err != nil || n > maxTrees {
		return nil, errors.New("model file: it is cut off or too large")
	}
	m.Trees = make([]Tree, n)
	if err := binary.Read(r, binary.LittleEndian, m.Trees); err != nil {
		return nil, errors.New("model file: it is cut off")
	}
	for i := range m.Trees {
		for _, f := range m.Trees[i].Feature {
			if int(f) >= features {
				return nil, errors.New("model file: it uses unknown features")
			}
		}
	}
	return &m, nil
}

// forestVersion identifies a forest by its content. It leaves out the checksum at the end, because the CRC of data
// with its own CRC is a constant.
func forestVersion(file []byte) string {
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE(file[:max(0, len(file)-4)]))
}
