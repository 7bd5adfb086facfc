package kvlog

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// A segment file begins with magic. Frames follow, one for each Write:
//
//	marker     8 bytes   random, the same for all frames of the file and part of its name
//	sequence   8 bytes   one more than in the frame before
//	operations 4 bytes   length of the operations
//	payload    4 bytes   length of operations and values
//	checksum   4 bytes   of the operations
//	checksum   4 bytes   of the fields above
//	operations           kind, length of key, length of value, checksum of the value, key; for each
//	values               one after the other
//
// Integers are little-endian, lengths of keys and values are uvarints, checksums are CRC-32C. The lengths have a
// checksum of their own, so that damage to a value hides nothing behind it. If the lengths are damaged, the next frame
// is where the marker is. A value cannot forge a frame, because its writer does not know the marker.
const (
	magic       = "kvlog\x00\x01\n" // the last but one byte is the version of the format
	headerSize  = 32
	minOpSize   = 7 // kind, two lengths of one byte, checksum
	maxPayload  = 256 << 20
	zeroRun     = 512 // zeros in a row that look like a block that was never written
	kindDelete  = 0
	kindSet     = 1
	checksumLen = 4
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	zeros      [zeroRun]byte
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// Operation sets or deletes a key.
type Operation struct {
	Key    string
	Value  []byte
	Delete bool
}

// frame is a decoded frame. Values alias the file's content.
type frame struct {
	sequence uint64
	start    int
	end      int
	ops      []Operation
	values   []int // where the value of each operation starts
	sums     []uint32
	damaged  int  // values that failed their checksum, and are not among ops
	hole     bool // one of them looks as if it was never written
}

// appendFrame appends the frame of some operations to b, and where each value starts in it to at.
func appendFrame(b []byte, at []int, marker [8]byte, sequence uint64, ops []Operation) ([]byte, []int) {
	start := len(b)
	b = append(b, marker[:]...)
	b = binary.LittleEndian.AppendUint64(b, sequence)
	b = append(b, zeros[:headerSize-16]...)
	for _, op := range ops {
		kind := byte(kindSet)
		if op.Delete {
			kind, op.Value = kindDelete, nil
		}
		b = append(b, kind)
		b = binary.AppendUvarint(b, uint64(len(op.Key)))
		b = binary.AppendUvarint(b, uint64(len(op.Value)))
		b = binary.LittleEndian.AppendUint32(b, checksum(op.Value))
		b = append(b, op.Key...)
	}
	operations := b[start+headerSize:]
	size := len(operations)
	sum := checksum(operations)
	for _, op := range ops {
		at = append(at, len(b))
		if !op.Delete {
			b = append(b, op.Value...)
		}
	}
	h := b[start:]
	binary.LittleEndian.PutUint32(h[16:], uint32(size))
	binary.LittleEndian.PutUint32(h[20:], uint32(len(h)-headerSize))
	binary.LittleEndian.PutUint32(h[24:], sum)
	binary.LittleEndian.PutUint32(h[28:], checksum(h[:28]))
	return b, at
}

// scanner reads the frames of a segment, and skips what is damaged.
type scanner struct {
	data   []byte
	marker [8]byte
	at     int    // where the next frame should start
	expect uint64 // the lowest sequence that the next frame can have

	last    bool // this is the end of the log, which a crash may have left half written
	whole   int  // where the last good frame ends
	damaged bool // bytes between frames, or values, are damaged
	torn    bool // the last frame is incomplete
}

func newScanner(data []byte, marker [8]byte, expect uint64, last bool) *scanner {
	s := &scanner{data: data, marker: marker, at: len(magic), expect: expect, whole: len(magic), last: last}
	if !bytes.HasPrefix(data, []byte(magic)) {
		s.damaged = true
		s.whole, s.at = 0, max(bytes.Index(data, marker[:]), 0)
	}
	return s
}

// next returns the next good frame.
func (s *scanner) next() (frame, bool) {
	for s.at < len(s.data) {
		f, ok := s.parse(s.at)
		// A length that is right but leads nowhere: bytes are missing within the frame.
		if ok && f.damaged > 0 && f.end < len(s.data) && !s.header(f.end) {
			ok = false
		}
		if ok && f.hole && s.last && f.end == len(s.data) && s.at == s.whole {
			s.torn, s.at = true, len(s.data) // all or nothing
			return frame{}, false
		}
		if ok {
			s.damaged = s.damaged || s.whole != f.start || f.damaged > 0
			s.at, s.whole, s.expect = f.end, f.end, f.sequence+1
			return f, true
		}
		next := bytes.Index(s.data[min(s.at+1, len(s.data)):], s.marker[:])
		if next < 0 {
			break
		}
		s.at += 1 + next
	}
	if rest := s.data[s.whole:]; len(rest) > 0 {
		s.torn = s.whole > 0 && s.incomplete(rest)
		s.damaged = s.damaged || !s.torn
	}
	s.at = len(s.data)
	return frame{}, false
}

// header reports whether a valid header starts there.
func (s *scanner) header(at int) bool {
	h := s.data[at:]
	return len(h) >= headerSize && [8]byte(h) == s.marker && binary.LittleEndian.Uint32(h[28:]) == checksum(h[:28])
}

// incomplete reports whether the rest of a file is the start of a frame that was being written, or blocks that were
// never written.
func (s *scanner) incomplete(rest []byte) bool {
	if s.header(s.whole) {
		return headerSize+int(binary.LittleEndian.Uint32(rest[20:])) > len(rest)
	}
	return len(rest) < headerSize && bytes.HasPrefix(rest, s.marker[:min(8, len(rest))]) || allZero(rest)
}

func allZero(b []byte) bool {
	for ; len(b) > zeroRun; b = b[zeroRun:] {
		if !bytes.Equal(b[:zeroRun], zeros[:]) {
			return false
		}
	}
	return bytes.Equal(b, zeros[:len(b)])
}

// parse reads the frame that starts there.
func (s *scanner) parse(at int) (f frame, ok bool) {
	if !s.header(at) {
		return f, false
	}
	h := s.data[at:]
	f.sequence, f.start = binary.LittleEndian.Uint64(h[8:]), at
	size, payload := int(binary.LittleEndian.Uint32(h[16:])), int(binary.LittleEndian.Uint32(h[20:]))
	if payload > len(h)-headerSize || size > payload || f.sequence < s.expect {
		return f, false
	}
	f.end = at + headerSize + payload
	ops := h[headerSize : headerSize+size]
	if checksum(ops) != binary.LittleEndian.Uint32(h[24:]) {
		return f, false
	}
	value := at + headerSize + size
	for len(ops) > 0 {
		if len(ops) < minOpSize {
			return f, false
		}
		kind := ops[0]
		keyLen, n := binary.Uvarint(ops[1:])
		if n <= 0 {
			return f, false
		}
		valueLen, m := binary.Uvarint(ops[1+n:])
		if m <= 0 {
			return f, false
		}
		ops = ops[1+n+m:]
		if len(ops) < checksumLen || keyLen > uint64(len(ops)-checksumLen) || valueLen > uint64(f.end-value) {
			return f, false
		}
		sum := binary.LittleEndian.Uint32(ops)
		op := Operation{
			Key: string(ops[checksumLen : checksumLen+keyLen]), Value: s.data[value : value+int(valueLen)],
			Delete: kind == kindDelete,
		}
		if checksum(op.Value) == sum {
			f.ops, f.values, f.sums = append(f.ops, op), append(f.values, value), append(f.sums, sum)
		} else {
			f.damaged++
			f.hole = f.hole || bytes.Contains(op.Value, zeros[:]) || allZero(op.Value)
		}
		ops = ops[checksumLen+keyLen:]
		value += int(valueLen)
	}
	return f, value == f.end
}
