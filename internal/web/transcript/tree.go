package transcript

import (
	"slices"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Bounds of the span tree, in rows and in levels.
const (
	maxRows   = 200
	maxIndent = 12
)

// Tree shows where the time of a trace went.
type Tree struct {
	Rows   []Row
	Hidden string // how many spans are not listed
	Holds  string // what it shows
}

// Row is a span in the tree.
type Row struct {
	Name, Service string // Service only where it differs from the row above
	Indent        int
	X, Width      string // of the bar, in per cent of the trace
	Failed        bool
	Current       bool
	Chip          *display.Chip
	Took, Address string
	Began         string // after the start of the trace
}

// TreeOf lays out the spans as a tree, parents first, siblings by start. Of a huge trace it lists the failed spans
// with their ancestors, then the first of the rest.
func TreeOf(item *review.Item, current string, address func(span string) string) Tree {
	order := depthFirst(item.Spans)
	keep := chooseRows(item.Spans, order)
	total := item.Duration
	var view Tree
	service := item.Service
	for _, n := range order {
		if !keep[n.index] {
			continue
		}
		s := &item.Spans[n.index]
		row := Row{
			Name: display.Line(s.Name, 120), Indent: min(n.depth, maxIndent), Failed: s.Failed(), Current: s.ID == current,
			Took: display.Seconds(s.Duration), Address: address(s.ID), Began: "+" + display.Seconds(s.Start.Sub(item.Start)),
		}
		if row.Name == "" {
			row.Name = unnamed
		}
		if s.Service != service {
			row.Service = display.Line(s.Service, 60)
			service = s.Service
		}
		if s.Failed() {
			c := display.ChipOf(s.Class, s.Detail)
			row.Chip = &c
		}
		row.X, row.Width = bar(s.Start.Sub(item.Start), s.Duration, total)
		view.Rows = append(view.Rows, row)
	}
	failed := 0
	for i := range item.Spans {
		if item.Spans[i].Failed() {
			failed++
		}
	}
	view.Holds = display.Plural(len(item.Spans), "span") + " in " + display.Seconds(total)
	if failed > 0 {
		view.Holds += ", " + strconv.Itoa(failed) + " failed"
	}
	if hidden := len(item.Spans) - len(view.Rows); hidden > 0 {
		view.Hidden = display.Plural(hidden, "more span")
	}
	return view
}

// bar places a span within its trace, in per cent. Very short spans get a visible width.
func bar(after, took, total time.Duration) (x, width string) {
	if total <= 0 {
		return "0%", "100%"
	}
	const least = 0.6
	from := min(max(100*float64(after)/float64(total), 0), 100-least)
	wide := min(max(100*float64(took)/float64(total), least), 100-from)
	return display.Percent(from), display.Percent(wide)
}

// unnamed is shown for a span without a name.
const unnamed = "unnamed span"

// node is a span in the order of the tree.
type node struct{ index, depth int }

// depthFirst orders spans, which are sorted by start, as a tree. A span is a root where its parent is missing, or
// where it is its own ancestor, so that each span comes once.
func depthFirst(spans []review.Span) []node {
	index := make(map[string]int, len(spans))
	for i := range spans {
		index[spans[i].ID] = i
	}
	children := make([][]int, len(spans))
	var roots []int
	for i := range spans {
		parent, ok := index[spans[i].ParentID]
		if !ok || parent == i {
			roots = append(roots, i)
			continue
		}
		children[parent] = append(children[parent], i)
	}
	order, seen := make([]node, 0, len(spans)), make([]bool, len(spans))
	walk := func(root int) {
		for stack := []node{{root, 0}}; len(stack) > 0; {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[n.index] {
				continue
			}
			seen[n.index] = true
			order = append(order, n)
			for _, child := range slices.Backward(children[n.index]) {
				stack = append(stack, node{child, n.depth + 1})
			}
		}
	}
	for _, r := range roots {
		walk(r)
	}
	for i := range spans { // the spans left are in circles
		if !seen[i] {
			walk(i)
		}
	}
	return order
}

// chooseRows selects the spans to list.
func chooseRows(spans []review.Span, order []node) []bool {
	keep := make([]bool, len(spans))
	n := 0
	take := func(i int) {
		if !keep[i] && n < maxRows {
			keep[i] = true
			n++
		}
	}
	if len(spans) > maxRows {
		// The path from the root to each failure comes first. Depths along it fall by one from row to row.
		path := []int{}
		for _, at := range order {
			path = append(path[:min(at.depth, len(path))], at.index)
			if spans[at.index].Failed() && n < maxRows/2 {
				for _, i := range path[max(0, len(path)-maxIndent):] {
					take(i)
				}
			}
		}
	}
	for _, at := range order {
		take(at.index)
	}
	return keep
}
