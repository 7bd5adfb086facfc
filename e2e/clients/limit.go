package clients

import (
	"path"
	"slices"
	"strings"
)

// Limit is what a client does not record or does otherwise. Faultline cannot do better.
type Limit struct {
	Columns   string // patterns of CLIENT/VARIANT
	Scenarios string // patterns of scenarios
	Fields    fields // what is seen instead
	Reason    string
}

// fields are parts of a result by name, as Result.fields spells them.
type fields map[string]string

// covers reports whether the limit applies to a cell.
func (l *Limit) covers(c *Cell) bool {
	return matches(l.Columns, c.column()) && matches(l.Scenarios, c.Scenario.Name)
}

// matches reports whether one of the patterns matches a name.
func matches(patterns, name string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	})
}
