package price

import (
	"fmt"
	"slices"
	"strings"
)

// A pattern is the name of a model, in which * stands for any text and # for a digit. Case does not matter.

// maxName bounds names and patterns, in bytes. No model has a longer name.
const maxName = 256

func checkPattern(pattern string) error {
	switch {
	case strings.TrimSpace(pattern) == "":
		return fmt.Errorf("must not be empty, got %q", pattern)
	case len(pattern) > maxName:
		return fmt.Errorf("must be at most %d bytes long, got %d", maxName, len(pattern))
	case strings.ContainsAny(pattern, "|\t\r\n"):
		return fmt.Errorf("must not contain | or line breaks, got %q", pattern)
	}
	return nil
}

// plain reports whether a pattern matches itself and nothing else.
func plain(pattern string) bool { return !strings.ContainsAny(pattern, "*#") }

// literals is how many characters of a name a pattern fixes: of two that match, the one that fixes more is meant.
func literals(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }

func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// matches reports whether a folded name has the shape of a folded pattern. Its work is at most the product of their lengths.
func matches(pattern, name string) bool {
	p, star, mark := 0, -1, 0
	for n := 0; n < len(name); {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && accepts(pattern[p], name[n]):
			p++
			n++
		case star >= 0:
			p = star + 1
			mark++
			n = mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func accepts(want, got byte) bool {
	return want == got && want != '#' || want == '#' && '0' <= got && got <= '9'
}

// common is the shortest name that two folded patterns both match. ok is false where there is none, and where the only ones are made
// up: "*a*" and "*b*" both match "ab", as any two such patterns do, which is no reason to call them one.
func common(a, b string) (name string, ok bool) {
	if !ends(a, b) || plain(a) && plain(b) && a != b {
		return "", false
	}
	name, ok = shortest(a, b)
	if ok && (floats(a) || floats(b)) && len(name) > max(literals(a), literals(b)) {
		return "", false
	}
	return name, ok
}

// floats reports whether a pattern is bound to neither end of a name.
func floats(pattern string) bool {
	return strings.HasPrefix(pattern, "*") && strings.HasSuffix(pattern, "*")
}

// ends reports whether what two patterns fix at both ends of a name agrees. Most pairs differ there, which is soon seen.
func ends(a, b string) bool {
	n := min(len(a), len(b))
	for i := 0; i < n && a[i] != '*' && b[i] != '*'; i++ {
		if !agree(a[i], b[i]) {
			return false
		}
	}
	for i := 1; i <= n && a[len(a)-i] != '*' && b[len(b)-i] != '*'; i++ {
		if !agree(a[len(a)-i], b[len(b)-i]) {
			return false
		}
	}
	return true
}

func agree(a, b byte) bool {
	return a == b || a == '#' && accepts(a, b) || b == '#' && accepts(b, a)
}

// shortest finds the shortest name that both match, over all pairs of places in the two patterns, from their ends to their
// beginnings.
func shortest(a, b string) (string, bool) {
	const never = 1 << 20
	width := len(b) + 1
	length := make([]int, (len(a)+1)*width) // of the shortest name that both rests match
	at := func(i, j int) int { return length[i*width+j] }
	step := func(i, j int) (cost, di, dj int) {
		cost = never
		try := func(c, x, y int) {
			if total := c + at(i+x, j+y); total < cost {
				cost, di, dj = total, x, y
			}
		}
		starA, starB := i < len(a) && a[i] == '*', j < len(b) && b[j] == '*'
		if starA {
			try(0, 1, 0)
		}
		if starB {
			try(0, 0, 1)
		}
		switch {
		case i == len(a) || j == len(b) || starA && starB:
		case starA:
			try(1, 0, 1)
		case starB:
			try(1, 1, 0)
		case agree(a[i], b[j]):
			try(1, 1, 1)
		}
		return cost, di, dj
	}
	for i := len(a); i >= 0; i-- {
		for j := len(b); j >= 0; j-- {
			if i == len(a) && j == len(b) {
				continue // the empty name
			}
			length[i*width+j], _, _ = step(i, j)
		}
	}
	if at(0, 0) >= never {
		return "", false
	}
	var name strings.Builder
	for i, j := 0, 0; i < len(a) || j < len(b); {
		cost, di, dj := step(i, j)
		if at(i+di, j+dj) < cost { // a character is used up
			c := byte('#')
			if di == 1 {
				c = a[i]
			}
			if dj == 1 && (c == '#' || di == 0) {
				c = b[j]
			}
			if c == '#' {
				c = '0'
			}
			name.WriteByte(c)
		}
		i, j = i+di, j+dj
	}
	return name.String(), true
}

// folded is patterns as they are compared: folded, sorted, each once.
func folded(models []string) []string {
	list := make([]string, len(models))
	for i, m := range models {
		list[i] = fold(m)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// commonModel is a name that some pattern of both lists matches.
func commonModel(a, b []string) (string, bool) {
	for _, x := range a {
		for _, y := range b {
			if name, ok := common(x, y); ok {
				return name, true
			}
		}
	}
	return "", false
}
