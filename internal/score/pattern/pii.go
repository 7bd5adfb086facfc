package pattern

import "math/bits"

// The names of the types of personal data, also in settings. The most severe comes first.
const (
	TypeSSN   = "ssn"
	TypeCard  = "card"
	TypeIBAN  = "iban"
	TypeEmail = "email"
	TypePhone = "phone"
	TypeIP    = "ip"
)

func piiTypes() []Type {
	return []Type{
		{Name: TypeSSN, Kind: KindPII, One: "a social security number", Many: "social security numbers"},
		{Name: TypeCard, Kind: KindPII, One: "a card number", Many: "card numbers", Certain: true},
		{Name: TypeIBAN, Kind: KindPII, One: "an IBAN", Many: "IBANs", Certain: true},
		{Name: TypeEmail, Kind: KindPII, One: "an e-mail address", Many: "e-mail addresses"},
		{Name: TypePhone, Kind: KindPII, One: "a phone number", Many: "phone numbers"},
		{Name: TypeIP, Kind: KindPII, One: "an IP address", Many: "IP addresses"},
	}
}

// The personal types, in the order of piiTypes.
const (
	idSSN typeID = iota
	idCard
	idIBAN
	idEmail
	idPhone
	idIP
	piiCount
)

// piiSet is a set of personal types.
type piiSet uint8

const allPII piiSet = 1<<piiCount - 1

func (p piiSet) has(t typeID) bool { return p&(1<<t) != 0 }

// openers are the bytes that open a candidate.
var openers = func() (o [256]uint8) {
	for b := '0'; b <= '9'; b++ {
		o[b] = 1
	}
	o['@'] = 2
	return o
}()

// nextOpener is the index of the next opener from i, the length of the text if there is none. It looks at eight bytes
// at once.
func nextOpener(s string, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		v := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		seven, at := v&^tops, v^'@'*ones
		digits := (seven + (0x80-'0')*ones) &^ (seven + (0x80-'9'-1)*ones) &^ v
		if found := (digits | (at-ones)&^at) & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(s) && openers[s[i]] == 0 {
		i++
	}
	return i
}

// piiScan is one pass over a text.
type piiScan struct {
	s     string
	key   string // the text is the value of this key, "" if of none
	types piiSet
	found []match
	done  int // where the last match ended
	table table
}

// scanPII appends the personal data of a text.
func scanPII(s, key string, types piiSet, found []match) []match {
	p := piiScan{s: s, key: key, types: types, found: found}
	for i := nextOpener(s, 0); i < len(s); i = nextOpener(s, i) {
		switch openers[s[i]] {
		case 1:
			i = p.number(i)
		default:
			i = p.email(i)
		}
	}
	return p.found
}

func (p *piiScan) add(start, end int, t typeID, sample bool) int {
	if p.types.has(t) {
		p.found = append(p.found, match{start: start, end: end, kind: t, sample: sample})
	}
	p.done = end
	return end
}

// number reads a candidate that begins with the digit at i, behind no other digit. It returns where to go on.
func (p *piiScan) number(i int) int {
	s := p.s
	end := i + 1
	for end < len(s) && digit(s[end]) {
		end++
	}
	prev, next := at(s, i-1), at(s, end)
	if letter(prev) || prev == ':' || properties[next]&isHex != 0 || next == ':' {
		if e := p.ipv6(i, end); e > 0 {
			return e
		}
	}
	if letter(prev) {
		if end >= i+2 {
			if e := p.iban(i); e > 0 {
				return e
			}
		}
		return end
	}
	if prev == '_' || letter(next) && next != 'x' && next != 'X' && next != 'e' {
		return end
	}
	if prev == '.' || prev == '-' || prev == ',' || prev == '/' {
		// A part of a longer number, unless it is punctuation.
		if digit(at(s, i-2)) || letter(at(s, i-2)) && prev != ',' {
			return end
		}
	}
	if end-i <= 3 && next == '.' {
		if e := p.ipv4(i); e > 0 {
			return e
		}
	}
	if end-i > maxDigits {
		return end
	}
	if end-i < 2 && next != ' ' && next != '-' && next != '.' && next != '(' && prev != '+' && prev != '(' {
		return end
	}
	var g groups
	g.read(s, i, end)
	if g.digits < 7 {
		return end
	}
	if e := p.card(&g); e > 0 {
		return e
	}
	if e := p.ssn(&g); e > 0 {
		return e
	}
	if e := p.phone(&g); e > 0 {
		return e
	}
	return end
}

// maxDigits is the longest run of digits of interest: 19 digits of a card.
const maxDigits = 19

// maxGroups bounds the groups of digits that are read together.
const maxGroups = 8

// groups are groups of digits with separators between them: 0494 92 82 32.
type groups struct {
	n          int
	start, end [maxGroups]int
	// before a group: ' ', '-', '.', '/', ')' or 0 before the first; '(' stands for an opening one
	sep    [maxGroups]byte
	digits int // of all groups
}

func (g *groups) len(i int) int { return g.end[i] - g.start[i] }

// read reads the groups from the first, whose place is known.
func (g *groups) read(s string, start, end int) {
	g.start[0], g.end[0], g.n, g.digits = start, end, 1, end-start
	for g.n < maxGroups {
		sep, next := separator(s, end)
		if sep == 0 || !digit(at(s, next)) {
			return
		}
		start, end = next, next+1
		for end < len(s) && digit(s[end]) {
			end++
		}
		if end-start > maxDigits || letter(at(s, end)) && g.n < 2 && at(s, end)|0x20 != 'x' && at(s, end)|0x20 != 'e' {
			return
		}
		g.start[g.n], g.end[g.n], g.sep[g.n] = start, end, sep
		g.n++
		g.digits += end - start
	}
}

// separator returns the separator of two groups of digits at i, and where it ends. Without one, kind is 0.
func separator(s string, i int) (kind byte, end int) {
	for range 3 {
		b := at(s, i)
		switch {
		case b == ' ' || b == '-' || b == '.' || b == '/' || b == '(' || b == ')':
			i++
		case b == 0xc2 && at(s, i+1) == 0xa0: // no-break space
			b = ' '
			i += 2
		case b == 0xe2 && at(s, i+1) == 0x80 && (at(s, i+2) >= 0x90 && at(s, i+2) <= 0x93): // hyphens and the en dash
			b = '-'
			i += 3
		case b == 0xe2 && at(s, i+1) == 0x80 && at(s, i+2) == 0xaf: // narrow no-break space
			b = ' '
			i += 3
		default:
			return kind, i
		}
		switch {
		case b == '(' || b == ')':
			if kind == '(' || kind == ')' {
				return 0, i
			}
			kind = b
		case kind == 0:
			kind = b
		case kind == ' ' && b == ' ':
			return 0, i // columns of a table
		case kind == ' ': // " - "
			kind = b
		}
	}
	return kind, i
}

// uniform reports whether groups from to to, both included, are separated by the same byte, and it is one of seps.
func (g *groups) uniform(from, to int, seps string) bool {
	for i := from + 1; i <= to; i++ {
		if g.sep[i] != g.sep[from+1] {
			return false
		}
	}
	if from == to {
		return true
	}
	for i := range len(seps) {
		if seps[i] == g.sep[from+1] {
			return true
		}
	}
	return false
}

// number returns the digits of the first n groups.
func (g *groups) number(s string, n int, into *[32]byte) []byte {
	list := into[:0]
	for i := range n {
		for _, b := range []byte(s[g.start[i]:g.end[i]]) {
			if len(list) == len(into) {
				return list
			}
			list = append(list, b)
		}
	}
	return list
}

// bounded reports whether a value can end at i: what follows is not part of it.
func bounded(s string, i int) bool {
	b := at(s, i)
	switch {
	case alnum(b) || b == '_' || b == '@':
		return false
	case b == '.' || b == '-' || b == ',' || b == '/':
		return !digit(at(s, i+1))
	}
	return true
}
