// Package pattern finds structured values in texts: personal data (e-mail addresses, card numbers, …) and credentials
// (tokens of some hundred formats, private keys, passwords in URLs). It has two scorers, pii and secrets, and a
// Redactor that replaces what they find.
//
// A text is read once, byte by byte. A byte or a run of bytes opens a candidate, its format is read, and then checks
// decide: checksums, the ranges that issuers use, entropy, and the words around it. There are no regular expressions.
// The work is linear in the text, and a text without findings costs no memory.
//
// docs/redaction.md lists what is recognised.
package pattern

import "strings"

// Kind is a family of types. A Redactor is configured with kinds.
type Kind string

// The kinds.
const (
	KindPII     Kind = "pii"
	KindSecrets Kind = "secrets"
)

// Type is one kind of value. Its name replaces redacted values and is part of fingerprints, so it must not change.
type Type struct {
	Name string
	Kind Kind
	// One and Many name it in evidence: "an e-mail address", "e-mail addresses".
	One, Many string
	// Shown is the public beginning of every value of the type, such as "ghp_". It is part of evidence.
	Shown string
	// Certain marks values with a structure that other texts do not have by chance: a checksum, or an issuer's prefix.
	Certain bool
}

// Types returns all types, the most severe first within a kind.
func Types() []Type { return types }

var types = append(piiTypes(), secretTypes()...)

// match is a value that was found: its place in the text, and its type.
type match struct {
	start, end int
	kind       typeID
	// sample marks a value that has the format but belongs to no one: a documented example, a reserved range, the address
	// of a role. Scorers ignore it. A Redactor replaces it too, because a wrong replacement costs less than a leak.
	sample bool
}

// typeID is an index of types.
type typeID uint16

func typeNamed(name string) typeID {
	for i := range types {
		if types[i].Name == name {
			return typeID(i)
		}
	}
	panic("no type " + name)
}

// marker begins the replacement of a redacted value.
const marker = "[redacted:"

func (t typeID) replacement() string { return replacements[t] }

var replacements = func() []string {
	list := make([]string, len(types))
	for i := range types {
		list[i] = marker + types[i].Name + "]"
	}
	return list
}()

// Properties of bytes.
const (
	isDigit uint8 = 1 << iota
	isUpper
	isLower
	isHex
	isBase64 // + and /
	isUnder  // _
	isDash   // -
	isDot    // .

	isLetter = isUpper | isLower
	isAlnum  = isLetter | isDigit
)

var properties = func() (p [256]uint8) {
	for b := '0'; b <= '9'; b++ {
		p[b] = isDigit | isHex
	}
	for b := 'a'; b <= 'z'; b++ {
		p[b] = isLower
		p[b-'a'+'A'] = isUpper
		if b <= 'f' {
			p[b] |= isHex
			p[b-'a'+'A'] |= isHex
		}
	}
	p['+'], p['/'], p['_'], p['-'], p['.'] = isBase64, isBase64, isUnder, isDash, isDot
	return p
}()

func digit(b byte) bool  { return b-'0' <= 9 }
func letter(b byte) bool { return properties[b]&isLetter != 0 }
func alnum(b byte) bool  { return properties[b]&isAlnum != 0 }

// at returns the byte at i, or 0 beyond the text.
func at(s string, i int) byte {
	if uint(i) < uint(len(s)) {
		return s[i]
	}
	return 0
}

// distinct counts the different digits of a text.
func distinct(s string) int {
	seen, n := uint16(0), 0
	for i := range len(s) {
		if digit(s[i]) && seen&(1<<(s[i]-'0')) == 0 {
			seen |= 1 << (s[i] - '0')
			n++
		}
	}
	return n
}

// counted reports whether six digits in a row count up or down: 123-456-7890, 007-45-6789. People make numbers up this
// way.
func counted(digits []byte) bool {
	up, down := 1, 1
	for i := 1; i < len(digits); i++ {
		switch (digits[i] - digits[i-1] + 10) % 10 {
		case 1:
			up, down = up+1, 1
		case 9:
			up, down = 1, down+1
		default:
			up, down = 1, 1
		}
		if max(up, down) >= 6 {
			return true
		}
	}
	return false
}

// hasFold reports whether a text holds a word in lower case, ignoring case.
func hasFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0]|0x20 && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}
