package pattern

// ipv4 reads four numbers with dots between them from i. A software version looks the same, but has small numbers, more
// or fewer of them, or a word for it nearby. ipv4 returns the end of the dotted number, or 0 if it has not four parts.
func (p *piiScan) ipv4(i int) int {
	s := p.s
	var octets [4]int
	k, n := i, 0
	for ; n < 4; n++ {
		start, v := k, 0
		for digit(at(s, k)) && k-start < 4 {
			v = v*10 + int(s[k]-'0')
			k++
		}
		if k == start || k-start > 3 || v > 255 || k-start > 1 && s[start] == '0' {
			return 0
		}
		octets[n] = v
		if n < 3 {
			if at(s, k) != '.' {
				return 0
			}
			k++
		}
	}
	end := k
	b := at(s, end)
	if alnum(b) || b == '_' || (b == '.' || b == '-') && (digit(at(s, end+1)) || letter(at(s, end+1)) && b == '-') {
		return dotted(s, end)
	}
	switch prev := at(s, i-1); {
	case prev == '/' && alnum(at(s, i-2)),
		prev == '-' && alnum(at(s, i-2)),
		prev == '^',
		prev == '~',
		prev == '#',
		prev == '$':
		return dotted(s, end)
	case prev == '=' && at(s, i-2) == '=':
		return dotted(s, end)
	}
	small := octets[0] < 20 && octets[1] < 20 && octets[2] < 20 && octets[3] < 20
	sense := before(s, p.key, i, senseIP|senseVersion)
	if sense&senseVersion != 0 || small && sense&senseIP == 0 ||
		octets[0] < 10 && octets[1] < 10 && octets[2] < 10 && octets[3] < 10 ||
		netmask(octets) {
		return end
	}
	var buffer [12]byte
	digits := buffer[:0]
	for _, b := range []byte(s[i:end]) {
		if digit(b) {
			digits = append(digits, b)
		}
	}
	return p.add(i, end, idIP, reservedIPv4(octets) || counted(digits))
}

// dotted returns the end of a run of dots and digits.
func dotted(s string, i int) int {
	for digit(at(s, i)) || at(s, i) == '.' && digit(at(s, i+1)) {
		i++
	}
	return i
}

func netmask(o [4]int) bool {
	return o[0] == 255 || o[0] == 0 || o[0] == 127
}

// reservedIPv4 reports whether an address belongs to a private network, documentation, a multicast group, or a public
// resolver.
func reservedIPv4(o [4]int) bool {
	switch {
	case o[0] == 10,
		o[0] == 172 && o[1]&0xf0 == 16,
		o[0] == 192 && o[1] == 168,
		o[0] == 169 && o[1] == 254,
		o[0] == 100 && o[1]&0xc0 == 64:
		return true
	case o[0] == 192 && o[1] == 0 && (o[2] == 2 || o[2] == 0),
		o[0] == 198 && o[1] == 51 && o[2] == 100,
		o[0] == 203 && o[1] == 0 && o[2] == 113,
		o[0] == 198 && o[1]&0xfe == 18:
		return true
	case o[0] >= 224:
		return true
	case o[0] == o[1] && o[1] == o[2] && o[2] == o[3],
		o[0] == 8 && o[1] == 8,
		o[0] == 1 && o[2] <= 1,
		o[0] == 208 && o[1] == 67,
		o[0] == 9 && o[1] == 9,
		o[0] == 149 && o[1] == 112 && o[2] == 112:
		return true
	case o[0] == 1 && o[1] == 2 && o[2] == 3,
		o[0] == 123 && o[1] == 45,
		o[0] == 123 && o[1] == 123,
		o[0] == 111 && o[1] == 222,
		o[0] == 192 && o[1] == 0:
		return true
	}
	return false
}

// ipv6 reads an address around the digits from i to end: eight groups of hex digits, or at least three and one run of
// zeros left out. It returns 0 if there is none.
func (p *piiScan) ipv6(i, end int) int {
	s := p.s
	start := i
	for low := max(p.done, i-40); start > low && (properties[s[start-1]]&isHex != 0 || s[start-1] == ':'); {
		start--
	}
	if start > 0 &&
		(alnum(s[start-1]) || s[start-1] == '_' || s[start-1] == '-' || s[start-1] == '.' || s[start-1] == ':') {
		return 0
	}
	if at(s, start) == ':' && at(s, start+1) != ':' {
		start++
	}
	for high := min(len(s), start+40); end < high && (properties[s[end]]&isHex != 0 || s[end] == ':'); {
		end++
	}
	for end > start && s[end-1] == ':' && (end-2 < start || s[end-2] != ':') {
		end--
	}
	if b := at(s, end); alnum(b) || b == '_' || b == ':' {
		return 0
	}
	text := s[start:end]
	groupsN, width, gaps, digits, pairs := 0, 0, 0, 0, 0
	var first uint32
	for k := 0; k <= len(text); k++ {
		if k < len(text) && text[k] != ':' {
			width++
			if digit(text[k]) {
				digits++
			}
			if groupsN == 0 && gaps == 0 {
				first = first<<4 | hexValue(text[k])
			}
			continue
		}
		if width > 4 {
			return 0
		}
		if width == 2 {
			pairs++
		}
		if width > 0 {
			groupsN++
		}
		if width == 0 && k > 0 && k < len(text) {
			gaps++
		}
		width = 0
	}
	switch {
	case gaps > 1, gaps == 1 && (groupsN < 3 || groupsN > 7 || digits < 2), gaps == 0 && (groupsN != 8 || pairs == 8):
		return 0
	}
	sample := first == 0 || first&0xffc0 == 0xfe80 || first&0xfe00 == 0xfc00 || first&0xff00 == 0xff00 ||
		hasFold(text[:min(9, len(text))], "2001:db8") ||
		hasFold(text[:min(9, len(text))], "2001:0db8") ||
		hasFold(text, "2001:4860:4860:") ||
		hasFold(text, "2606:4700:4700:")
	return p.add(start, end, idIP, sample)
}

func hexValue(b byte) uint32 {
	switch {
	case digit(b):
		return uint32(b - '0')
	default:
		return uint32(b|0x20-'a') + 10
	}
}
