package dataset

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Change is one row that differs between two datasets. Old or New is nil where the row is in one of them alone.
type Change struct {
	ID       string
	Old, New *Row
	Keys     []string // that differ, where the row is in both
}

// Diff compares two datasets by the ids of their rows, in the order of the first and then of the second.
func Diff(older, newer []Row) (changes []Change) {
	at := make(map[string]int, len(newer))
	for i := range newer {
		at[newer[i].ID] = i
	}
	seen := make(map[string]bool, len(older))
	for i := range older {
		row := &older[i]
		seen[row.ID] = true
		j, there := at[row.ID]
		if !there {
			changes = append(changes, Change{ID: row.ID, Old: row})
		} else if keys := differing(row, &newer[j]); len(keys) > 0 {
			changes = append(changes, Change{row.ID, row, &newer[j], keys})
		}
	}
	for i := range newer {
		if !seen[newer[i].ID] {
			changes = append(changes, Change{ID: newer[i].ID, New: &newer[i]})
		}
	}
	return changes
}

// differing returns the keys of two rows that differ, those of the call one by one.
func differing(a, b *Row) (keys []string) {
	x, y := fields(a), fields(b)
	for _, key := range slices.Sorted(maps.Keys(union(x, y))) {
		if key == "call" {
			var cx, cy map[string]json.RawMessage
			_ = json.Unmarshal(x[key], &cx) // both were just written
			_ = json.Unmarshal(y[key], &cy)
			for _, inner := range slices.Sorted(maps.Keys(union(cx, cy))) {
				if !bytes.Equal(cx[inner], cy[inner]) {
					keys = append(keys, "call."+inner)
				}
			}
			continue
		}
		if !bytes.Equal(x[key], y[key]) {
			keys = append(keys, key)
		}
	}
	return keys
}

func fields(r *Row) (f map[string]json.RawMessage) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil
	}
	_ = json.Unmarshal(b, &f)
	return f
}

func union(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	maps.Copy(all, b)
	return all
}
