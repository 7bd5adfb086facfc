package glob

import "strings"

// Common returns the shortest name that two folded patterns both match. ok is false if there is none, and if there are
// only contrived ones: "*a*" and "*b*" both match "ab", as any two such patterns do, but are not meant to overlap.
func Common(a, b string) (name string, ok bool) {
	if !ends(a, b) || Literal(a) && Literal(b) && a != b {
		return "", false
	}
	name, ok = shortest(a, b)
	if ok && (floats(a) || floats(b)) && len(name) > max(Fixed(a), Fixed(b)) {
		return "", false
	}
	return name, ok
}

// floats reports whether a pattern fixes neither end of a name.
func floats(pattern string) bool {
	return strings.HasPrefix(pattern, "*") && strings.HasSuffix(pattern, "*")
}

// ends reports whether two patterns agree in what they fix at both ends of a name. Most pairs differ there, and the
// check is cheap.
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

// shortest finds the shortest name that both patterns match. It fills a table over all pairs of positions in the two
// patterns, from their ends to their beginnings.
func shortest(a, b string) (string, bool) {
	const never = 1 << 20
	width := len(b) + 1
	length := make([]int, (len(a)+1)*width) // of the shortest name that both remainders match
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
		if at(i+di, j+dj) < cost { // this step writes a character
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
