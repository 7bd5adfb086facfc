package pattern

import "strings"

// phone reads a telephone number that begins with the first group, in the notations of many countries. Numbers with a
// country code, and national notations that are used for nothing else, need no more evidence. For any other, a word
// nearby must speak of a telephone.
func (p *piiScan) phone(g *groups) int {
	s := p.s
	start := g.start[0]
	plus, paren := false, false
	if at(s, start-1) == '(' {
		paren = true
		start--
	}
	if at(s, start-1) == '+' {
		plus = true
		start--
		if paren2 := at(s, start-1) == '('; paren2 && !paren {
			start--
		}
	}
	if b := at(s, start-1); alnum(b) || b == '_' || b == '$' || b == '#' && !plus {
		return 0
	}
	if b := at(s, start-1); (b == '.' || b == '-' || b == ',' || b == '/' || b == ':') && digit(at(s, start-2)) {
		return 0
	}
	n, digits := p.extent(g, paren)
	for ; n > 0; n-- {
		if digits < 7 {
			return 0
		}
		if ends(s, g.end[n-1]) {
			break
		}
		digits -= g.len(n - 1)
	}
	if n == 0 {
		return 0
	}
	var buffer [32]byte
	number := g.number(s, n, &buffer)
	if number == nil || digits > 15 || distinct(string(number)) < 3 || g.date(s, n) {
		return 0
	}
	end := extension(s, g.end[n-1])
	if !p.telephone(g, n, number, start, end, plus, paren) {
		return 0
	}
	return p.add(
		start,
		end,
		idPhone,
		fictional(number, plus) || before(s, p.key, start, sensePublic) == sensePublic || listed(s, end),
	)
}

// listings are what maps and search pages write beside the telephone number of a shop. A number with opening hours is
// not personal.
var listings = [...]string{
	"Suggest an edit", "Your business?", "Open · ", "Closed · ", "Opens ", "Closes ", "Open 24 hours",
	"Permanently closed", "More hours", "Dine-in", "Takeout",
}

// listed reports whether a number that ends at i stands in such a listing, within about two lines.
func listed(s string, i int) bool {
	const reach = 72 // bytes
	rest := s[i:min(len(s), i+reach)]
	for _, sign := range listings {
		if strings.Contains(rest, sign) {
			return true
		}
	}
	return false
}

// extent returns how many groups can form one telephone number, and their digits.
func (p *piiScan) extent(g *groups, paren bool) (n, digits int) {
	for n < g.n {
		l := g.len(n)
		if n > 0 {
			trunk := l == 1 && g.sep[n] == '(' && p.s[g.start[n]] == '0'
			area := l == 1 && g.sep[n] == ')' // +46 (0)8 …
			if l == 1 && !trunk && !area && n > 1 || l > 8 || digits+l > 15 || g.sep[n] == '(' && !trunk && n > 2 ||
				g.sep[n] == ')' && n > 3 {
				break
			}
			if g.sep[n] == '/' && n > 1 {
				break
			}
			if paren && n == 1 && g.sep[n] != ')' {
				break
			}
		}
		digits += l
		n++
	}
	return n, digits
}

// ends reports whether a number can end at i: nothing behind it makes it something else. A word such as "-Office" only
// names its owner.
func ends(s string, i int) bool {
	b := at(s, i)
	switch {
	case b == '-' && letter(at(s, i+1)):
		return after(s, i+1, sensePhone|senseCall)&(sensePhone|senseCall) != 0
	case b|0x20 == 'x':
		return digit(at(s, i+1))
	case b|0x20 == 'e':
		return hasFold(s[i:min(len(s), i+4)], "ext")
	case b == '%', b == ':' && digit(at(s, i+1)):
		return false
	}
	return bounded(s, i)
}

// extension returns the end of a number with its extension: 463-612-6138x036, 555 0100 ext. 12.
func extension(s string, end int) int {
	i := end
	if at(s, i) == ' ' {
		i++
	}
	switch {
	case hasFold(s[i:min(len(s), i+3)], "ext"):
		i += 3
	case at(s, i)|0x20 == 'x':
		i++
	default:
		return end
	}
	for n := 0; n < 2 && (at(s, i) == '.' || at(s, i) == ' '); n++ {
		i++
	}
	start := i
	for digit(at(s, i)) && i-start < 6 {
		i++
	}
	if i == start || alnum(at(s, i)) {
		return end
	}
	return i
}

// date reports whether the groups are a date, a range of years, or an ISBN.
func (g *groups) date(s string, n int) bool {
	year := func(i int) bool {
		return g.len(i) == 4 &&
			(s[g.start[i]] == '1' && s[g.start[i]+1] >= '5' || s[g.start[i]] == '2' && s[g.start[i]+1] == '0')
	}
	if n >= 2 && year(0) && g.len(1) <= 2 && (n == 2 || g.len(2) <= 2) ||
		n >= 3 && g.len(0) <= 2 && g.len(1) <= 2 && year(2) && n <= 5 {
		return true
	}
	if n == 2 && year(0) && year(1) {
		return true
	}
	if first := s[g.start[0]:g.end[0]]; first == "978" || first == "979" {
		digits := 0
		for i := range n {
			digits += g.len(i)
		}
		return digits == 13
	}
	if g.len(0) == 8 && n >= 2 && year8(s[g.start[0]:g.end[0]]) { // 20240131 120000
		return true
	}
	return false
}

func year8(s string) bool {
	return (s[:2] == "19" || s[:2] == "20") && s[4:6] >= "01" && s[4:6] <= "12" && s[6:8] >= "01" && s[6:8] <= "31"
}

// telephone decides whether the groups are a telephone number.
func (p *piiScan) telephone(g *groups, n int, number []byte, start, end int, plus, paren bool) bool {
	s, digits := p.s, len(number)
	if plus {
		return number[0] != '0' && digits >= 8 && (n > 1 || digits >= 9 && distinct(string(number)) > 3)
	}
	first := g.len(0)
	hyphens := n > 1 && g.uniform(0, n-1, "-.")
	sense := before(s, p.key, start, sensePhone|senseCall)
	column, table := p.column(start)
	if table {
		sense = before(column, "", len(column), sensePhone|senseCall)
	}
	if sense&senseOther != 0 {
		// A number of an order or an account, unless its notation is only used for telephones.
		named, _ := label(s, p.key, start)
		return northAmerican(g, n, number, paren) && (paren || hyphens && !table && named&senseOther == 0)
	}
	switch {
	case table && sense == 0 && !paren && !hyphens:
		return false // the heading of its column would say that it is one
	case northAmerican(g, n, number, paren) && (paren || hyphens):
		return true
	case n >= 3 && first >= 3 && first <= 5 && number[0] == '0' && number[1] == '0' && number[2] != '0' && digits >= 10 &&
		!paren: // 001-518-640-0854
		return g.uniform(1, n-1, " -.") || g.sep[1] == ' '
	case trunk(g, n, number, paren):
		return true
	case paren && first == 2 && n == 3 && g.len(2) == 4 && g.len(1) >= 4 && g.len(1) <= 5 &&
		g.sep[2] == '-': // (71) 4233-6306
		return true
	}
	if sense == 0 {
		sense = after(s, end, sensePhone|senseCall)
		if sense&senseCall != 0 && n < 2 {
			sense = 0
		}
	}
	switch {
	case sense&sensePhone != 0:
		if n == 1 {
			return digits <= 13 && (table || p.named(start, sensePhone) || p.tagged(end))
		}
		for i := range n {
			if g.len(i) < 2 && i > 0 && g.sep[i] == '.' || g.len(i) < 2 && i == 0 && number[0] != '1' {
				return false // a version
			}
		}
		return n > 2 || g.len(1) >= 3 && g.len(0) <= 5 && g.sep[1] != '.' && (g.sep[1] != '/' || number[0] == '0')
	case sense&senseCall != 0:
		if n == 1 {
			return (digits == 10 && number[0] >= '2' || digits == 11 && number[0] == '0') && p.called(start, end)
		}
		// Telephone numbers are written in groups of two digits or more. A decimal number has one dot.
		for i := range n {
			if g.len(i) < 2 && (i > 0 || number[0] != '1') || g.len(i) > 7 {
				return false
			}
		}
		return digits <= 13 && (n != 2 || g.sep[1] != '.')
	}
	return false
}

// named reports whether a word stands right before a number that could be any integer.
func (p *piiScan) named(start int, want sense) bool {
	const near = 24 // bytes
	low := max(0, start-near)
	return before(p.s[low:start], p.key, start-low, want)&want != 0
}

// called reports whether words around a number that could be any integer say to call it: "call me at", "contact
// number", "Desk: ", "-Fax". Behind "contact" or "message" alone, it is an id.
func (p *piiScan) called(start, end int) bool {
	named, direct := label(p.s, p.key, start)
	return named&senseCall != 0 && !direct ||
		named&senseLine != 0 && strings.HasSuffix(strings.TrimRight(p.s[max(0, start-2):start], " "), ":") ||
		p.tagged(end)
}

// tagged reports whether a word for a telephone is attached to a number that ends at i: 3660170548-Fax.
func (p *piiScan) tagged(i int) bool {
	return at(p.s, i) == '-' && after(p.s, i, sensePhone)&sensePhone != 0
}

// northAmerican reports whether groups are an area code, an exchange and a line of North America.
func northAmerican(g *groups, n int, number []byte, paren bool) bool {
	if len(number) == 11 && number[0] == '1' && g.len(0) == 1 && n == 4 {
		return g.len(1) == 3 && g.len(2) == 3 && g.len(3) == 4 && number[1] >= '2' && number[4] >= '2'
	}
	return n == 3 && len(number) == 10 && g.len(0) == 3 && g.len(1) == 3 && number[0] >= '2' && (number[3] >= '2' || paren)
}

// trunk reports whether groups are a national number with its trunk zero: 0494 92 82 32, 079 2718 1155, 01.84.17.61.18.
func trunk(g *groups, n int, number []byte, paren bool) bool {
	if number[0] != '0' || number[1] == '0' || len(number) < 9 || len(number) > 11 || distinct(string(number)) < 4 {
		return false
	}
	if paren {
		return n >= 2 && g.len(0) >= 2 && g.len(0) <= 5 && g.len(1) >= 3
	}
	if n < 3 || g.len(0) < 2 || g.len(0) > 5 || !g.uniform(0, n-1, " -.") {
		return false
	}
	for i := 1; i < n; i++ {
		if g.len(i) < 2 || g.len(i) > 4 {
			return false
		}
	}
	// Two digits each: 01 02 03 04 05 is a count.
	return g.len(0) != 2 || n == 5 && !steps(number) || n < 5 && g.len(1) >= 3
}

// steps reports whether pairs of digits count up.
func steps(number []byte) bool {
	for i := 2; i+1 < len(number); i += 2 {
		if (number[i]-'0')*10+number[i+1]-'0' != (number[i-2]-'0')*10+number[i-1]-'0'+1 {
			return false
		}
	}
	return true
}

// fictional reports whether a number belongs to no person: it is used in films and examples, free of charge and so of a
// business, or counted up.
func fictional(number []byte, plus bool) bool {
	if counted(number) || distinct(string(number)) <= 3 && len(number) >= 10 {
		return true
	}
	national := number
	if len(number) == 11 && number[0] == '1' {
		national = number[1:]
	} else if plus || len(number) != 10 || number[0] == '0' {
		// Numbers such as 0800 are free of charge in most of the world.
		switch {
		case len(number) > 8 && number[0] == '0' && (string(number[1:4]) == "800" || string(number[1:4]) == "808"):
			return true
		case len(number) == 7 && string(number[:3]) == "555":
			return true
		}
		// 07700 900xxx: Ofcom reserves it for drama.
		return len(number) == 11 && string(number[:8]) == "07700900" || len(number) == 12 && string(number[:9]) == "447700900"
	}
	switch string(national[:3]) {
	case "800", "888", "877", "866", "855", "844", "833", "822", "555":
		return true
	}
	return string(national[3:6]) == "555"
}
