package pattern

import (
	"encoding/base64"
	"hash/crc32"
	"strings"

	"github.com/faultline-otel/faultline/internal/score/pattern/issuer"
)

// Every credential is, or begins with, a run of at least shortest bytes from tokens and passwords. Ordinary words are
// shorter, so most of a text is skipped in strides.
const shortest = 10

// The content of a run of bytes.
const (
	runByte  uint8 = 1 << iota // belongs to a run
	runDigit                   // a digit
	runAt                      // @
	runEqual                   // =
	runMark                    // another mark than the ones of words
	runUpper
	runLower
)

var runBytes = func() (r [256]uint8) {
	for b := '!'; b <= '~'; b++ {
		if !strings.ContainsRune("\"'`()[]{}<>,;:\\|", b) {
			r[b] = runByte
			switch {
			case b == '@':
				r[b] |= runAt
			case b == '=':
				r[b] |= runEqual
			case digit(byte(b)):
				r[b] |= runDigit
			case upper(byte(b)):
				r[b] |= runUpper
			case letter(byte(b)):
				r[b] |= runLower
			default:
				r[b] |= runMark
			}
		}
	}
	return r
}()

// format is a format of an issuer with one of its prefixes.
type format struct {
	*issuer.Format
	prefix string
	kind   typeID
}

// formats are the formats by the first byte of their prefix.
var formats = func() (f [256][]format) {
	for i := range issuer.Formats {
		e := &issuer.Formats[i]
		for _, prefix := range e.Prefixes {
			b := prefix[0]
			f[b] = append(f[b], format{Format: e, prefix: prefix, kind: typeNamed(e.Type)})
		}
	}
	return f
}()

var (
	idPEM          = typeNamed(namePEM)
	idJWT          = typeNamed(nameJWT)
	idDatabaseURL  = typeNamed(nameDatabaseURL)
	idBasicAuthURL = typeNamed(nameBasicAuthURL)
	idBasicAuth    = typeNamed(nameBasicAuth)
	idAWSSecret    = typeNamed(nameAWSSecret)
	idAzureKey     = typeNamed(nameAzureKey)
	idAzureAD      = typeNamed(nameAzureAD)
	idMailchimp    = typeNamed(nameMailchimp)
	idTelegram     = typeNamed(nameTelegram)
	idDiscord      = typeNamed(nameDiscord)
	idNewRelic     = typeNamed(nameNewRelic)
	idPassword     = typeNamed(namePassword)
	idAssigned     = typeNamed(nameAssigned)
)

// secretScan is one pass over a text.
type secretScan struct {
	s     string
	key   string
	found []match
	done  int // where the last match ended
	// ends is, by charset, the end of the last run that was read. Places before it need not be read again, so the work
	// stays linear for any text.
	from, ends [issuer.Charsets]int
}

// scanSecrets appends the credentials of a text.
func scanSecrets(s, key string, found []match) []match {
	p := secretScan{s: s, key: key, found: found}
	for i := 0; i+shortest <= len(s); {
		// One of these places lies in every run that is long enough.
		if probe := i + shortest - 1; runBytes[s[probe]] == 0 {
			i = probe + 1
			continue
		}
		start, kinds := i+shortest-1, uint8(0)
		for start > i && runBytes[s[start-1]] != 0 {
			start--
		}
		if start > i && start+shortest > len(s) {
			break
		}
		end := start
		for end < len(s) {
			k := runBytes[s[end]]
			if k == 0 {
				break
			}
			kinds |= k
			end++
		}
		if end-start >= shortest && kinds != runByte|runLower {
			p.run(start, end, kinds)
		} else if end-start >= shortest && at(s, start-1) != ' ' {
			p.run(start, end, kinds)
		}
		i = max(end, p.done)
	}
	return p.found
}

func (p *secretScan) add(start, end int, t typeID, sample bool) bool {
	if start < p.done {
		return false
	}
	p.found = append(p.found, match{start: start, end: end, kind: t, sample: sample})
	p.done = end
	return true
}

// run checks a run of bytes.
func (p *secretScan) run(start, end int, kinds uint8) {
	s := p.s
	if s[start] == '-' && strings.HasPrefix(s[start:end], "-----BEGIN") && p.pem(start, end) {
		return
	}
	if kinds&runAt != 0 && (at(s, start-1) == ':' || strings.Contains(s[start:min(end, start+maxURL)], "//")) &&
		p.url(start, end) {
		return
	}
	if end-start >= 14 && kinds&(runDigit|runUpper) != 0 {
		p.tokens(start, end)
	}
	if p.done < end && kinds&(runDigit|runUpper|runMark) != 0 {
		p.assigned(start, end, kinds)
	}
}

// tokens looks for the formats of issuers wherever a token can begin.
func (p *secretScan) tokens(start, end int) {
	s := p.s
	prev := byte(0) // the byte before: a token can follow any punctuation, as in ?key=AIza…
	if start > 0 && alnum(s[start-1]) {
		prev = s[start-1]
	}
	word := start // where the last run of letters, digits, _ and - began
	for i := start; i+12 < end; i++ {
		b := s[i]
		if !alnum(prev) && i >= p.done {
			for k := range formats[b] {
				if f := &formats[b][k]; strings.HasPrefix(s[i:end], f.prefix) && p.issued(f, i) {
					break
				}
			}
			switch {
			case i < p.done:
			case b == 'e' && prev != '-' && prev != '_' && strings.HasPrefix(s[i:end], "eyJ"):
				p.jwt(i)
			case b == 'A' && s[i+1] == 'A' && i == start && at(s, i-1) == ':':
				p.telegram(i)
			}
			if i >= p.done && issuer.Sets[b]&(1<<issuer.HexLower) != 0 {
				p.suffixed(i)
			}
		}
		if b == '~' && i >= start+4 && s[i-1] == 'Q' {
			p.azureAD(i)
		}
		if b == '.' && i-word >= 24 && i-word <= 28 {
			p.discord(word, i)
		}
		if b == '.' && strings.HasPrefix(s[i:end], ".atlasv1.") && i-14 >= start {
			p.terraform(i)
		}
		if i < p.done {
			i = p.done - 1
			if i >= end {
				return
			}
			b = s[i]
		}
		if prev = b; issuer.Sets[b]&(1<<issuer.URLSafe) == 0 {
			word = i + 1
		}
	}
}

// extent returns the end of the run of a charset's bytes around i.
func (p *secretScan) extent(set issuer.Charset, i int) int {
	if i < p.ends[set] && i >= p.from[set] {
		return p.ends[set]
	}
	bit := uint16(1) << set
	end := i
	for end < len(p.s) && issuer.Sets[p.s[end]]&bit != 0 {
		end++
	}
	p.from[set], p.ends[set] = i, end
	return end
}

// issued reads the token of a format whose prefix stands at i.
func (p *secretScan) issued(f *format, i int) bool {
	s := p.s
	body := i + len(f.prefix)
	end := p.extent(f.Set, body)
	if f.Set >= issuer.Dotted64 { // marks that end a sentence, and padding of nothing
		for end > body && (s[end-1] == '.' || s[end-1] == '=' && end-body > f.Max) {
			end--
		}
	}
	if n := end - body; n < f.Min || n > f.Max {
		return false
	}
	// A longer word with other bytes has another format.
	if b := at(s, end); alnum(b) || b == '_' && f.Set < issuer.Word {
		return false
	}
	if f.Near != "" && !hasFold(s[max(0, i-40):i], f.Near) && !hasFold(p.key, f.Near) {
		return false
	}
	text := s[body:end]
	confirmed := checksummed(f, text)
	if !confirmed {
		if entropy(text) < f.Entropy || f.Check != nil && !f.Check(text) {
			// Not even a sample looks like that, unless all its letters are equal.
			return placeholder(text) && f.Check == nil && end-body >= 16 && p.add(i, end, f.kind, true)
		}
	}
	return p.add(i, end, f.kind, !confirmed && placeholder(text))
}

// checksummed reports whether a token carries the checksum of its format: CRC32 in base 62, of GitHub and npm.
func checksummed(f *format, body string) bool {
	if len(body) != 36 || f.Set != issuer.AlphaNum || f.Type != "github_token" && f.Type != "npm_token" {
		return false
	}
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := crc32.ChecksumIEEE([]byte(body[:30]))
	for i := len(body) - 1; i >= 30; i-- {
		if body[i] != digits[sum%62] {
			return false
		}
		sum /= 62
	}
	return true
}

// jwt reads a JSON Web Token: three parts in base64, the first a header with an algorithm.
func (p *secretScan) jwt(i int) {
	s := p.s
	const longest = 16 << 10
	head := p.extent(issuer.URLSafe, i)
	if head-i < 17 || at(s, head) != '.' || !strings.HasPrefix(s[head+1:min(len(s), head+4)], "ey") {
		return
	}
	payload := p.extent(issuer.URLSafe, head+1)
	if payload-head < 8 || at(s, payload) != '.' || payload-i > longest {
		return
	}
	stop := p.extent(issuer.URLSafe, payload+1)
	if stop-payload < 8 { // a signature that is there
		return
	}
	var header [192]byte
	n, _ := base64.RawURLEncoding.Decode(header[:], []byte(s[i:i+min(head-i, 240)/4*4]))
	if head-i < 240 && (head-i)%4 != 0 {
		m, _ := base64.RawURLEncoding.Decode(header[n:], []byte(s[i+(head-i)/4*4:head]))
		n += m
	}
	if !strings.Contains(string(header[:n]), `"alg"`) {
		return
	}
	p.add(i, stop, idJWT, documentedJWT(s[i:stop]))
}

// documentedJWT reports whether a token is the example of jwt.io and RFC 7519, which most texts about tokens show.
func documentedJWT(text string) bool {
	_, claims, _ := strings.Cut(text, ".")
	// "sub":"1234567890", "iss":"joe"
	const subject, joe = "eyJzdWIi" + "OiIxMjM0NTY3ODkwI", "eyJpc3Mi" + "OiJqb2UiLA0K"
	return strings.HasPrefix(claims, subject) || strings.HasPrefix(claims, joe)
}

// pem reads a private key in PEM or PGP armour, up to the end of the text if it was cut.
func (p *secretScan) pem(start, end int) bool {
	s := p.s
	line := s[end:min(len(s), end+64)]
	dashes := strings.Index(line, "-----")
	if dashes < 0 || !strings.Contains(line[:dashes], "PRIVATE KEY") {
		return false
	}
	body := end + dashes + len("-----")
	i, letters := body, 0
	for ; i < len(s); i++ {
		b := s[i]
		if issuer.Sets[b]&(1<<issuer.Base64) != 0 {
			letters++
			continue
		}
		if b == '-' && strings.HasPrefix(s[i:], "-----END") {
			if stop := strings.Index(s[i+8:min(len(s), i+80)], "-----"); stop >= 0 {
				i += 8 + stop + 5
			}
			break
		}
		if b == '.' || b > '~' || b < ' ' && b != '\n' && b != '\r' && b != '\t' || b == '`' || b == '<' || b == '[' {
			break
		}
	}
	if letters < 64 {
		return false
	}
	sample := placeholder(s[body:min(i, body+200)]) || entropy(s[body:min(i, body+400)]) < 4
	return p.add(start, i, idPEM, sample)
}

func (p *secretScan) telegram(i int) {
	s := p.s
	end := p.extent(issuer.URLSafe, i)
	k := i - 1
	for k > 0 && digit(s[k-1]) && i-k <= 12 {
		k--
	}
	if n := i - 1 - k; end-i != 35 || n < 8 || n > 10 || alnum(at(s, k-1)) && !strings.HasSuffix(s[:k], "bot") {
		return
	}
	if entropy(s[i:end]) < 3.5 {
		return
	}
	p.add(k, end, idTelegram, placeholder(s[i:end]) || counted([]byte(s[k:i-1])))
}

// suffixed reads hex tokens with a known ending: Mailchimp's -us12, New Relic's NRAL, Mailgun's two more groups.
func (p *secretScan) suffixed(i int) {
	s := p.s
	k := p.extent(issuer.HexLower, i)
	switch n := k - i; {
	case n == 32 && strings.HasPrefix(s[k:], "-us") && digit(at(s, k+3)):
		stop := k + 4
		if digit(at(s, stop)) {
			stop++
		}
		if !alnum(at(s, stop)) && entropy(s[i:k]) >= 3 {
			p.add(i, stop, idMailchimp, placeholder(s[i:k]))
		}
	case n == 36 && strings.HasPrefix(s[k:], "NRAL") && !alnum(at(s, k+4)) && entropy(s[i:k]) >= 3:
		p.add(i, k+4, idNewRelic, false)
	case n == 32 && at(s, k) == '-' && p.extent(issuer.HexLower, k+1) == k+9 && at(s, k+9) == '-' &&
		p.extent(issuer.HexLower, k+10) == k+18 && !alnum(at(s, k+18)):
		p.add(i, k+18, typeNamed("mailgun_key"), false)
	}
}

// azureAD reads a client secret around the tilde at i, such as abc8Q~.
func (p *secretScan) azureAD(i int) {
	s := p.s
	start := i - 5
	if start < 0 || start < p.done || !digit(s[i-2]) {
		return
	}
	k := i + 1
	for k < len(s) && k-i < 40 && (issuer.Sets[s[k]]&(1<<issuer.URLSafe) != 0 || s[k] == '~' || s[k] == '.') {
		k++
	}
	for k > i && s[k-1] == '.' {
		k--
	}
	if n := k - i - 1; n < 31 || n > 34 || alnum(at(s, start-1)) || entropy(s[i:k]) < 3.3 {
		return
	}
	p.add(start, k, idAzureAD, placeholder(s[i:k]))
}

// discord reads the token of a bot: its number in base64, a time and a signature.
func (p *secretScan) discord(start, dot int) {
	s := p.s
	if b := s[start]; b < 'M' || b > 'O' || start < p.done {
		return
	}
	second := p.extent(issuer.URLSafe, dot+1)
	if second-dot-1 != 6 || at(s, second) != '.' {
		return
	}
	end := p.extent(issuer.URLSafe, second+1)
	if n := end - second - 1; n < 27 || n > 38 {
		return
	}
	var id [24]byte
	n, err := base64.RawURLEncoding.Decode(id[:], []byte(s[start:dot]))
	if err != nil {
		return
	}
	for _, b := range id[:n] {
		if !digit(b) {
			return
		}
	}
	p.add(start, end, idDiscord, placeholder(s[second:end]))
}

func (p *secretScan) terraform(dot int) {
	s := p.s
	start := dot - 14
	end := p.extent(issuer.URLSafe, dot+len(".atlasv1."))
	if n := end - dot - len(".atlasv1."); n < 60 || n > 70 || start < p.done || alnum(at(s, start-1)) {
		return
	}
	p.add(start, end, typeNamed("terraform_token"), placeholder(s[dot+9:end]))
}
