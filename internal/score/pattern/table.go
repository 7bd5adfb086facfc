package pattern

import "strings"

// table is a Markdown table that was met last.
type table struct {
	header int // where its first line begins
	known  int // the line up to which its lines were seen
}

// The longest lines of tables that are read, and how many columns.
const (
	maxRow     = 1 << 10
	maxColumns = 32
)

// column returns the heading of the column in which i lies, if that is in a row of a Markdown table.
func (p *piiScan) column(i int) (heading string, ok bool) {
	s := p.s
	line := lineStart(s, i)
	if line < 0 || !rowAt(s, line) {
		return "", false
	}
	header := line
	for header > 0 && (p.table.known == 0 || header > p.table.known) {
		previous := lineStart(s, header-1)
		if previous < 0 || !rowAt(s, previous) {
			break
		}
		header = previous
	}
	if p.table.known > 0 && header <= p.table.known {
		header = p.table.header
	}
	p.table = table{header: header, known: line}
	if header == line {
		return "", false
	}
	end := header + strings.IndexByte(s[header:line], '\n')
	cells := s[header:end]
	for range min(strings.Count(s[line:i], "|"), maxColumns) {
		_, cells, _ = strings.Cut(cells, "|")
	}
	heading, _, _ = strings.Cut(cells, "|")
	return heading, true
}

// lineStart returns where the line of i begins, or -1 if that is far away.
func lineStart(s string, i int) int {
	low := max(0, i-maxRow)
	if k := strings.LastIndexByte(s[low:i], '\n'); k >= 0 {
		return low + k + 1
	} else if low > 0 {
		return -1
	}
	return 0
}

// rowAt reports whether the line at i is a row of a Markdown table.
func rowAt(s string, i int) bool {
	for at(s, i) == ' ' {
		i++
	}
	return at(s, i) == '|'
}
