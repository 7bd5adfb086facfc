package clients

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Verdict is how a cell compares with what is right.
type Verdict struct {
	Limits []int    // indexes of the Limits that apply
	Faults []string // what is seen and what is right, a line each
	Idle   []string // reasons of limits that change nothing
}

// compare compares what was seen of a cell with what the scenario wants and with the limits of the client. seen is nil
// if the client exported nothing.
func (c *Cell) compare(seen *Observation) Verdict {
	var v Verdict
	if seen == nil {
		seen = &Observation{}
	}
	result := seen.result(c.session())
	got, want := result.fields(), c.wants()
	for i := range Limits {
		limit := &Limits[i]
		if !limit.covers(c) {
			continue
		}
		before := maps.Clone(want)
		maps.Copy(want, limit.Fields)
		if maps.EqualFunc(before, want, sameValue) {
			v.Idle = append(v.Idle, limit.Reason)
			continue
		}
		v.Limits = append(v.Limits, i)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !sameValue(want[name], got[name]) {
			v.Faults = append(v.Faults, fmt.Sprintf("%s: %s is %q, right is %q", c.Name(), name, got[name], want[name]))
		}
	}
	return v
}

// sameValue compares costs to one per cent, and everything else exactly. Where two values are right, a bar is between
// them.
func sameValue(want, got string) bool {
	if want == anything {
		return true
	}
	x, errX := strconv.ParseFloat(want, 64)
	y, errY := strconv.ParseFloat(got, 64)
	if errX == nil && errY == nil {
		return equalCost(x, y)
	}
	return slices.Contains(strings.Split(want, "|"), got)
}

// RecordedCell returns the cell of a client that a trace of a recording belongs to, by the start of its id.
func (c *Client) RecordedCell() func(pcommon.TraceID) string {
	names := map[string]string{}
	for _, cell := range c.cells() {
		names[cellID(cell.Name())] = cell.Name()
	}
	return func(id pcommon.TraceID) string { return names[id.String()[:24]] }
}

// KnownFaults is the exact list of what Faultline reads wrongly today, below the folder of this package.
const KnownFaults = "testdata/known_faults.txt"

// Known returns the lines of the known faults that belong to a client.
func (c *Client) Known(faults string) []string {
	return slices.DeleteFunc(strings.Split(faults, "\n"), func(line string) bool {
		return !strings.HasPrefix(line, c.Name+"/")
	})
}

// Difference returns the lines that only one of two lists has.
func Difference(known, seen []string) []string {
	var lines []string
	for _, line := range known {
		if !slices.Contains(seen, line) {
			lines = append(lines, "mended: "+line)
		}
	}
	for _, line := range seen {
		if !slices.Contains(known, line) {
			lines = append(lines, "new: "+line)
		}
	}
	return lines
}

// Check compares every cell of a client. The verdicts are by cell. faults are the lines of all of them.
func (c *Client) Check(seen map[string]*Observation) (verdicts map[string]Verdict, faults []string) {
	verdicts = map[string]Verdict{}
	for _, cell := range c.cells() {
		v := cell.compare(seen[cell.Name()])
		verdicts[cell.Name()] = v
		faults = append(faults, v.Faults...)
	}
	return verdicts, faults
}
