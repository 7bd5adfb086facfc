package price

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Change is a row that is in one of two lists of rows only, or differs. Old or New is nil if the row came or went.
type Change struct{ Old, New *Row }

// Diff compares two lists of rows. Rows correspond if they have the same provider, models and time.
func Diff(older, newer []Row) (changes []Change) {
	key := func(r *Row) string { return r.Provider + "\t" + strings.Join(folded(r.Models), "|") + "\t" + r.when() }
	before := map[string]*Row{}
	for i := range older {
		before[key(&older[i])] = &older[i]
	}
	for i := range newer {
		now := &newer[i]
		was := before[key(now)]
		delete(before, key(now))
		if was == nil || was.Terms() != now.Terms() {
			changes = append(changes, Change{was, now})
		}
	}
	for i := range older {
		if before[key(&older[i])] == &older[i] {
			changes = append(changes, Change{Old: &older[i]})
		}
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(key(a.row()), key(b.row())) })
	return changes
}

func (c Change) row() *Row {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// String returns the change as a line that begins with +, - or ~.
func (c Change) String() string {
	name := c.row().names()
	switch {
	case c.Old == nil:
		return fmt.Sprintf("+ %s: %s", name, c.New.Terms())
	case c.New == nil:
		return fmt.Sprintf("- %s: %s", name, c.Old.Terms())
	}
	return fmt.Sprintf("~ %s: %s → %s", name, c.Old.Terms(), c.New.Terms())
}

// AllRows returns the rows of the book, without the user's file.
func (b *Book) AllRows() (rows []Row) {
	for _, s := range b.providers {
		rows = append(rows, s.Rows...)
	}
	return rows
}
