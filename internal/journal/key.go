package journal

import (
	"cmp"
	"encoding/hex"
	"fmt"
)

// keyOf is the key of an entry: the trace, so that a person who looks at the store finds it, and a number that no other
// entry has.
func keyOf(trace [16]byte, sequence uint64) string {
	return fmt.Sprintf("%s/%016x", hex.EncodeToString(trace[:]), sequence)
}

// sequenceOf returns the number in a key, in hex. It has a fixed width, so that numbers order like texts.
func sequenceOf(key string) string {
	const width = 16
	return key[max(0, len(key)-width):]
}

func compareKeys(a, b string) int { return cmp.Compare(sequenceOf(a), sequenceOf(b)) }
