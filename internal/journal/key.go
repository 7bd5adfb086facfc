package journal

import (
	"cmp"
	"encoding/hex"
	"fmt"
)

// keyOf returns the key of an entry: the trace id, by which people find it in the store, and a unique number.
func keyOf(trace [16]byte, sequence uint64) string {
	return fmt.Sprintf("%s/%016x", hex.EncodeToString(trace[:]), sequence)
}

// sequenceOf returns the number in a key, in hex. Its width is fixed, so strings sort like numbers.
func sequenceOf(key string) string {
	const width = 16
	return key[max(0, len(key)-width):]
}

func compareKeys(a, b string) int { return cmp.Compare(sequenceOf(a), sequenceOf(b)) }
