package pattern

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// domainEnd returns where the domain that begins at start ends, or 0 if there is no domain of two labels or more under
// a top-level domain that exists. Labels may have letters of any script: münchen.de, 例え.jp.
//
// Scripts without spaces run on behind an address: in 请联系a@qq.com或者, the domain is qq.com.
func domainEnd(s string, start int) int {
	end, label, labels := start, start, 0
	for high := min(len(s), start+maxDomain); end < high; {
		b := s[end]
		switch {
		case b == '.' && end > label && (alnum(at(s, end+1)) || letterSize(s[end+1:]) > 0):
			labels++
			end++
			label = end
			continue
		case alnum(b) || b == '-' || b == '_':
			end++
			continue
		case b < utf8.RuneSelf:
		case b > lastLatin && labels > 0 && alnum(at(s, end-1)) && public(s[start:end]):
		default:
			if n := letterSize(s[end:]); n > 0 {
				end += n
				continue
			}
		}
		break
	}
	for end > label && (s[end-1] == '-' || s[end-1] == '_') {
		end--
	}
	if labels == 0 {
		return 0
	}
	if public(s[start:end]) {
		return end
	}
	if s[label] < utf8.RuneSelf {
		return 0
	}
	// Text may follow a top-level domain such as 中国, or the dot behind it.
	for n := 0; n < maxForeign && label+n < end; {
		_, size := utf8.DecodeRuneInString(s[label+n : end])
		if n += size; public(s[start : label+n]) {
			return label + n
		}
	}
	if labels > 1 && public(s[start:label-1]) {
		return label - 1
	}
	return 0
}

const (
	// lastLatin begins the last letters of Latin scripts in UTF-8, which are written with spaces between words.
	lastLatin = 0xc9
	// maxForeign bounds the bytes of a top-level domain in another script. The longest has 11 letters of three bytes.
	maxForeign = 36
)

// letterSize returns the bytes of the letter, mark or digit beyond ASCII that a text begins with, or 0.
func letterSize(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if r < utf8.RuneSelf || r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
		return 0
	}
	return n
}

// public reports whether a domain lies under a top-level domain of the public suffix list.
func public(domain string) bool {
	last := strings.LastIndexByte(domain, '.') + 1
	for i := last; i < len(domain); i++ {
		if domain[i] >= utf8.RuneSelf {
			ascii, err := idna.Lookup.ToASCII(domain[last:])
			if err != nil {
				return false
			}
			domain = "x." + ascii
			break
		}
		if upper(domain[i]) {
			domain = strings.ToLower(domain)
			break
		}
	}
	// The list says "not managed" both of a last label that it does not know and of suffixes of companies, such as
	// github.io. Only these have a dot.
	suffix, managed := publicsuffix.PublicSuffix(domain)
	return managed || strings.IndexByte(suffix, '.') >= 0
}
