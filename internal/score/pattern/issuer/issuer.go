// Package issuer lists the formats in which issuers write their credentials: formats.tsv, a row each.
package issuer

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// Charset is a set of bytes that may follow a prefix.
type Charset uint8

// The charsets, of which Charsets is the number.
const (
	HexLower Charset = iota // 0-9 a-f
	HexAny                  // 0-9 a-f A-F
	UpperNum                // A-Z 0-9
	LowerNum                // a-z 0-9
	AlphaNum                // A-Z a-z 0-9
	Word                    // A-Z a-z 0-9 _
	URLSafe                 // A-Z a-z 0-9 _ -
	Dotted64                // A-Z a-z 0-9 _ - . =
	Base64                  // A-Z a-z 0-9 + / =
	Path                    // A-Z a-z 0-9 _ - / @ +
	Charsets
)

// Sets has a bit for each Charset of a byte.
var Sets = func() (m [256]uint16) {
	for b := range 256 {
		const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		for set, bytes := range [Charsets]string{
			HexLower: digits + "abcdef",
			HexAny:   digits + "abcdefABCDEF",
			UpperNum: digits + upper,
			LowerNum: digits + lower,
			AlphaNum: digits + lower + upper,
			Word:     digits + lower + upper + "_",
			URLSafe:  digits + lower + upper + "_-",
			Dotted64: digits + lower + upper + "_-.=",
			Base64:   digits + lower + upper + "+/=",
			Path:     digits + lower + upper + "_-/@+",
		} {
			if strings.IndexByte(bytes, byte(b)) >= 0 {
				m[b] |= 1 << set
			}
		}
	}
	return m
}()

// Format is one format of a credential.
type Format struct {
	Type     string // the name of the type, which several formats may share
	Label    string // who issues it: "GitHub token"
	Prefixes []string
	Set      Charset
	Min, Max int     // bytes after the prefix
	Entropy  float32 // minimum entropy of these, in bits a byte
	// Check examines the bytes after the prefix, if the format has more structure.
	Check func(body string) bool
	// Near is a word, in lower case, that must stand shortly before a value whose format is weak evidence.
	Near string
}

//go:embed formats.tsv
var table string

// Formats are the formats with a prefix.
var Formats = func() (list []Format) {
	for line := range strings.Lines(table) {
		if line = strings.TrimRight(line, "\r\n"); line == "" || line[0] == '#' {
			continue
		}
		format, err := parse(line)
		if err != nil {
			panic(err) // the embedded table is tested
		}
		list = append(list, format)
	}
	return list
}()

// alphabets are the alphabets as formats.tsv names them.
var alphabets = map[string]Charset{
	"hex": HexLower, "HEX": HexAny, "upper": UpperNum, "lower": LowerNum, "alnum": AlphaNum, "word": Word,
	"url": URLSafe, "dotted": Dotted64, "base64": Base64, "path": Path,
}

// parse reads a row of formats.tsv.
func parse(line string) (f Format, err error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 8 {
		return f, fmt.Errorf("want 8 fields, got %d: %q", len(fields), line)
	}
	f.Type, f.Label, f.Prefixes = fields[0], fields[1], strings.Fields(fields[2])
	set, known := alphabets[fields[3]]
	least, most, ranged := strings.Cut(fields[4], "-")
	if !ranged {
		most = least
	}
	entropy, entropyErr := strconv.ParseFloat(fields[5], 32)
	f.Set, f.Entropy = set, float32(entropy)
	var minErr, maxErr error
	f.Min, minErr = strconv.Atoi(least)
	f.Max, maxErr = strconv.Atoi(most)
	if !known || entropyErr != nil || minErr != nil || maxErr != nil || len(f.Prefixes) == 0 {
		return f, fmt.Errorf("wrong prefixes, alphabet, length or entropy: %q", line)
	}
	var checks []func(string) bool
	for word := range strings.FieldsSeq(fields[6]) {
		name, argument, _ := strings.Cut(word, ":")
		n, numberErr := strconv.Atoi(argument)
		switch {
		case name == "digits" && numberErr == nil:
			checks = append(checks, hasDigits(n))
		case name == "dots" && numberErr == nil:
			checks = append(checks, dots(n))
		case name == "holds" && argument != "":
			checks = append(checks, holds(argument))
		case name == "near" && argument != "":
			f.Near = argument
		case word == "mixed":
			checks = append(checks, MixedCase)
		case word == "shouting":
			checks = append(checks, shouting)
		case word == "uuid":
			checks = append(checks, UUID)
		default:
			return f, fmt.Errorf("unknown check %q: %q", word, line)
		}
	}
	if len(checks) > 0 {
		f.Check = all(checks...)
	}
	return f, nil
}

func hasDigits(n int) func(string) bool {
	return func(value string) bool {
		have := 0
		for i := range len(value) {
			if value[i]-'0' <= 9 {
				have++
			}
		}
		return have >= n
	}
}

func holds(part string) func(string) bool {
	return func(value string) bool { return strings.Contains(value, part) }
}

func dots(n int) func(string) bool {
	return func(value string) bool { return strings.Count(value, ".") == n }
}

func all(checks ...func(string) bool) func(string) bool {
	return func(value string) bool {
		for _, check := range checks {
			if !check(value) {
				return false
			}
		}
		return true
	}
}

// MixedCase reports whether a value has letters of both cases.
func MixedCase(value string) bool {
	lower, upper := false, false
	for i := range len(value) {
		lower = lower || value[i]-'a' < 26
		upper = upper || value[i]-'A' < 26
	}
	return lower && upper
}

// shouting reports whether a value has no lower-case letters.
func shouting(value string) bool {
	for i := range len(value) {
		if value[i]-'a' < 26 {
			return false
		}
	}
	return true
}

// UUID reports whether a value ends with a UUID.
func UUID(value string) bool {
	if len(value) < 36 {
		return false
	}
	value = value[len(value)-36:]
	for i := range len(value) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if value[i] != '-' {
				return false
			}
		} else if Sets[value[i]]&(1<<HexAny) == 0 {
			return false
		}
	}
	return true
}
