package score

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoNeverTakesOneTextForAnother(t *testing.T) {
	m := NewMemo()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := range 4 * len(m.table) {
				key := keyOf(strconv.Itoa(i))
				m.Put(key, float32(i))
				if number, ok := m.Get(key); ok && number != float32(i) {
					t.Errorf("%d is remembered as %v", i, number)
				}
			}
		})
	}
	wait.Wait()
	_, ok := m.Get(keyOf("never put"))
	require.False(t, ok)
	_, ok = NewMemo().Get(0)
	require.False(t, ok, "an empty slot has the key 0")
}

// TestMemosShareNoNumbers: memos that lie in the same memory keep apart.
func TestMemosShareNoNumbers(t *testing.T) {
	key := keyOf("a text")
	memos := make([]*Memo, 2*memoLanes)
	for i := range memos {
		memos[i] = NewMemo()
	}
	for i, m := range memos {
		_, ok := m.Get(key)
		require.False(t, ok)
		m.Put(key, float32(i))
	}
	for i, m := range memos {
		number, ok := m.Get(key)
		require.True(t, ok)
		require.InDelta(t, float32(i), number, 0)
	}
}
