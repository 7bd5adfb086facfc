package dataset

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Part is a part of a dataset and the share of rows that it gets.
type Part struct {
	Name  string
	Share float64
}

// ParseParts reads parts such as learn=0.5,test=0.5.
func ParseParts(text string) ([]Part, error) {
	var parts []Part
	sum := 0.0
	for one := range strings.SplitSeq(text, ",") {
		name, share, ok := strings.Cut(strings.TrimSpace(one), "=")
		value, err := strconv.ParseFloat(share, 64)
		if !ok || name == "" || err != nil || !(value > 0 && value <= 1) {
			return nil, fmt.Errorf("parts must be NAME=SHARE with shares between 0 and 1, such as learn=0.5,test=0.5, got %q",
				one)
		}
		if slices.ContainsFunc(parts, func(p Part) bool { return p.Name == name }) {
			return nil, fmt.Errorf("parts must have different names, got %q twice", name)
		}
		parts = append(parts, Part{name, value})
		sum += value
	}
	if math.Abs(sum-1) > 1e-6 {
		return nil, fmt.Errorf("shares must add up to 1, got %g", sum)
	}
	return parts, nil
}

// Split assigns each row to a part. Rows of one conversation stay together: those of one session or trace, and those
// whose histories continue each other. A conversation with a row that has a part already gets that part. The same rows
// and seed give the same parts.
func Split(rows []Row, parts []Part, seed string) {
	groups := conversations(rows)
	size := make(map[string]int, len(parts))
	var open [][]int
	for _, group := range groups {
		part := ""
		for _, i := range group {
			if part == "" && slices.ContainsFunc(parts, func(p Part) bool { return p.Name == rows[i].Split }) {
				part = rows[i].Split
			}
		}
		if part == "" {
			open = append(open, group)
			continue
		}
		size[part] += len(group)
		assign(rows, group, part)
	}
	keys := make(map[int]uint64, len(open)) // by the first row of the group
	for _, group := range open {
		least := rows[group[0]].ID
		for _, i := range group {
			least = min(least, rows[i].ID)
		}
		sum := sha256.Sum256([]byte(seed + "\x00" + least))
		keys[group[0]] = binary.BigEndian.Uint64(sum[:8])
	}
	// Large conversations first: what is left over fills the parts up.
	slices.SortFunc(open, func(a, b []int) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(keys[a[0]], keys[b[0]]))
	})
	for _, group := range open {
		best, lack := parts[0].Name, math.Inf(-1)
		for _, p := range parts {
			if l := p.Share*float64(len(rows)) - float64(size[p.Name]); l > lack {
				best, lack = p.Name, l
			}
		}
		size[best] += len(group)
		assign(rows, group, best)
	}
}

func assign(rows []Row, group []int, part string) {
	for _, i := range group {
		rows[i].Split = part
	}
}

// conversations groups rows by conversation, in the order of their first rows.
func conversations(rows []Row) [][]int {
	parent := make([]int, len(rows))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	first := map[string]int{} // the first row with a key
	join := func(key string, i int) {
		if j, ok := first[key]; ok {
			a, b := find(i), find(j)
			parent[max(a, b)] = min(a, b)
			return
		}
		first[key] = i
	}
	whole := map[string]bool{} // histories that are the whole input of a row
	for i := range rows {
		if list := histories(rows[i].Call); len(list) > 0 {
			whole[list[len(list)-1]] = true
		}
	}
	for i := range rows {
		row := &rows[i]
		if row.Session != "" {
			join("session "+row.Service+" "+row.Session, i)
		}
		if row.Call != nil && row.Call.SessionID != "" {
			join("session "+row.Service+" "+row.Call.SessionID, i)
		}
		if row.TraceID != "" {
			join("trace "+row.TraceID, i)
		}
		for n, history := range histories(row.Call) {
			if n > 0 || whole[history] { // an opening alone is shared by chance
				join("history "+history, i)
			}
		}
	}
	at := map[int]int{}
	var groups [][]int
	for i := range rows {
		root := find(i)
		g, ok := at[root]
		if !ok {
			g = len(groups)
			at[root] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

// histories returns a digest of each beginning of a conversation: of its first message, of its first two, and so on.
// System instructions are left out.
func histories(c *genai.Call) (list []string) {
	if c == nil || c.Operation == genai.OpExecuteTool {
		return nil
	}
	_, messages := split(c)
	so := ""
	for _, m := range messages {
		parts := []string{so, m.Role, strings.TrimSpace(m.Text)}
		for _, call := range m.ToolCalls {
			parts = append(parts, call.Name, canonical(call.Arguments))
		}
		for _, result := range m.ToolResults {
			parts = append(parts, canonical(result.Result))
		}
		so = digest(parts...)
		list = append(list, so)
	}
	return list
}
