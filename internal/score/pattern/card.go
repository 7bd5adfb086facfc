package pattern

import "slices"

// card reads a card number that begins with the first group. It checks the issuer's prefix and length, the spacing of
// cards, and the Luhn digit. If prefix and length leave much to chance, a word nearby must speak of a card.
func (p *piiScan) card(g *groups) int {
	s := p.s
	var buffer [32]byte
	digits := 0
	for n := range g.n {
		digits += g.len(n)
		if digits > 19 {
			return 0
		}
		if digits < 12 || n > 0 && !g.spaced(n) || !bounded(s, g.end[n]) {
			continue
		}
		number := g.number(s, n+1, &buffer)
		certain, ok := issued(number)
		if !ok || !luhn(number) {
			continue
		}
		if at(s, g.start[0]-1) == '+' {
			return 0
		}
		sense := before(s, p.key, g.start[0], senseCard)
		if named, _ := label(s, p.key, g.start[0]); named&senseOther != 0 && sense&senseOther != 0 && !certain {
			continue // of a case, of a machine
		}
		if spacing := n > 0 && (certain || len(number)%4 == 0 && g.len(n) == 4); sense&senseCard == 0 && !spacing {
			if sense == 0 {
				sense = after(s, g.end[n], senseCard)
			}
			called := at(s, g.start[0]-1) == '(' && alnum(at(s, g.start[0]-2)) // f(4…): any integer
			if sense&senseOther != 0 || (!certain || called) && sense&senseCard == 0 {
				continue
			}
		}
		return p.add(g.start[0], g.end[n], idCard, testCard(number))
	}
	return 0
}

// spaced reports whether groups 0 to n are grouped as on a card: first four digits, then groups of three to six.
func (g *groups) spaced(n int) bool {
	if g.len(0) != 4 || !g.uniform(0, n, " -.") {
		return false
	}
	for i := 1; i <= n; i++ {
		if l := g.len(i); l < 3 && i < n || l < 1 || l > 6 {
			return false
		}
	}
	return true
}

// issued reports whether an issuer uses such numbers. certain reports that numbers of other kinds rarely look like it.
func issued(n []byte) (certain, ok bool) {
	prefix := func(digits int) int {
		v := 0
		for _, b := range n[:digits] {
			v = v*10 + int(b-'0')
		}
		return v
	}
	two, three, four := prefix(2), prefix(3), prefix(4)
	switch l := len(n); {
	case n[0] == '4':
		return l == 16, l == 13 || l == 16 || l == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return true, l == 16
	case two == 34 || two == 37:
		return true, l == 15
	case two == 36 || two == 38 || two == 39 || three >= 300 && three <= 305:
		return l == 16, l >= 14 && l <= 16
	case four == 6011 || two == 65 || three >= 644 && three <= 649:
		return l == 16, l >= 16
	case four >= 3528 && four <= 3589:
		return l == 16, l >= 16
	case two == 35:
		return false, l == 16
	case four == 604:
		return false, l >= 12
	case four == 2131 || four == 1800:
		return false, l == 15
	case two == 62 || two == 81 || two == 60 || two == 82:
		return false, l >= 16
	case two == 50 || two >= 56 && two <= 69:
		return false, l >= 12
	case four >= 2200 && four <= 2204:
		return false, l >= 16
	}
	return false, false
}

func luhn(digits []byte) bool {
	sum, double := 0, false
	for _, b := range slices.Backward(digits) {
		d := int(b - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return sum%10 == 0
}

// testCard reports whether a number is a published test number of a payment provider, or as regular as those are.
func testCard(digits []byte) bool {
	if distinct(string(digits)) <= 3 || counted(digits) {
		return true
	}
	switch string(digits) {
	case "378282246310005",
		"371449635398431", "378734493671000", "5105105105105100", "6011111111111117", "6011000990139424", "6011000400000000",
		"3530111333300000", "3566002020360505", "30569309025904", "38520000023237", "36227206271667", "4012888888881881",
		"4000056655665556", "2223003122003222", "5200828282828210", "4000002500003155", "4000002760003184",
		"4000000000000002", "4000000000009995", "6200000000000005", "4917610000000000", "2222400070000005",
		"2222405343248877", "5019717010103742", "6304000000000000", "4532015112830366", "4539578763621486",
		"79927398713":
		return true
	}
	return false
}

// ssn reads a US social security number: 3-2-4 digits in the ranges in use. Without hyphens it looks like any number,
// and a word nearby must name it.
func (p *piiScan) ssn(g *groups) int {
	s := p.s
	n := 0
	switch {
	case g.len(0) == 9:
	case g.n >= 3 && g.len(0) == 3 && g.len(1) == 2 && g.len(2) == 4 && g.uniform(0, 2, "- ."):
		n = 2
	default:
		return 0
	}
	start, end := g.start[0], g.end[n]
	if !bounded(s, end) || at(s, end) == '-' || at(s, start-1) == '-' || at(s, start-1) == '+' ||
		at(s, start-1) == '(' && n > 0 && g.sep[1] == ')' {
		return 0
	}
	var buffer [32]byte
	number := g.number(s, n+1, &buffer)
	area := string(number[:3])
	if area == "000" || area == "666" || area[0] == '9' || string(number[3:5]) == "00" || string(number[5:]) == "0000" {
		return 0
	}
	sense := before(s, p.key, start, senseSSN|sensePhone|senseCall)
	if hyphens := n > 0 && g.sep[1] == '-'; !hyphens && sense&senseSSN == 0 || hyphens && sense&sensePhone != 0 {
		return 0
	}
	sample := counted(number) || distinct(string(number)) <= 2
	switch string(number) {
	case "078051120", "219099999", "457555462": // published, on a card in wallets and in advertisements
		sample = true
	}
	return p.add(start, end, idSSN, sample)
}
