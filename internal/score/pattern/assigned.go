package pattern

import (
	"encoding/base64"
	"math"
	"strings"

	"github.com/faultline-otel/faultline/internal/score/pattern/issuer"
)

// names are words in a name that show what is assigned to it.
var names = [...]struct {
	word string
	kind func() typeID
	min  int // bytes of the value
}{
	{"accountkey", func() typeID { return idAzureKey }, 40},
	{"sharedaccesskey", func() typeID { return idAzureKey }, 40},
	{"password", func() typeID { return idPassword }, 10},
	{"passwd", func() typeID { return idPassword }, 10},
	{"passphrase", func() typeID { return idPassword }, 10},
	{"pwd", func() typeID { return idPassword }, 10},
	{"secret", func() typeID { return idAssigned }, 16},
	{"token", func() typeID { return idAssigned }, 20},
	{"apikey", func() typeID { return idAssigned }, 16},
	{"accesskey", func() typeID { return idAssigned }, 16},
	{"authkey", func() typeID { return idAssigned }, 16},
	{"privatekey", func() typeID { return idAssigned }, 20},
	{"licensekey", func() typeID { return idAssigned }, 20},
	{"encryptionkey", func() typeID { return idAssigned }, 16},
	{"signingkey", func() typeID { return idAssigned }, 16},
	{"masterkey", func() typeID { return idAssigned }, 16},
	{"servicekey", func() typeID { return idAssigned }, 20},
	{"credential", func() typeID { return idAssigned }, 20},
	{"bearer", func() typeID { return idAssigned }, 24},
	{"basic", func() typeID { return idBasicAuth }, 12},
}

// brands are issuers whose credentials have no format of their own. A name that holds one, and a word such as key, is
// enough.
var brands = [...]string{
	"adafruit", "adobe", "airtable", "algolia", "alchemy", "asana", "bitbucket", "cloudflare", "codecov", "cohere",
	"coinbase", "confluent", "contentful", "datadog", "deepgram", "dropbox",
	"elevenlabs", "etsy", "facebook", "fastly", "flickr", "freshbooks", "heroku", "hubspot", "infura", "intercom", "jfrog",
	"kraken", "kucoin", "linkedin", "looker", "mailchimp", "mailgun",
	"mapbox", "mattermost", "messagebird", "mistral", "netlify", "newrelic", "okta", "openweather", "pagerduty", "plaid",
	"postmark", "rapidapi", "rollbar", "segment", "sendbird", "sentry", "snyk", "sonar",
	"splunk", "squarespace", "sumologic", "tencent", "travis", "twilio", "twitch", "twitter", "vercel", "wandb", "yandex",
	"zendesk",
}

// branded reports whether a name is that of an issuer's credential.
func branded(plain string) bool {
	if !strings.HasSuffix(plain, "key") && !strings.HasSuffix(plain, "token") && !strings.HasSuffix(plain, "secret") {
		return false
	}
	for _, brand := range brands {
		if strings.Contains(plain, brand) {
			return true
		}
	}
	return false
}

// assigned checks a run as a value: password = "…", "api_key": "…", Authorization: Bearer ….
func (p *secretScan) assigned(start, end int, kinds uint8) {
	s := p.s
	name, value := p.key, start
	if kinds&runEqual != 0 { // name=value in one run, as in a URL or a shell
		if k := strings.IndexByte(s[start:min(end, start+64)], '='); k > 0 {
			if start+k+1 < end-7 && s[start+k+1] != '=' {
				p.pairs(start, end)
				return
			}
		}
	}
	if start > 0 || name == "" {
		name = nameBefore(s, start)
	}
	if name != "" {
		p.value(name, value, end)
	}
}

// pairs checks name=value&name=value.
func (p *secretScan) pairs(start, end int) {
	s := p.s
	for i := start; i < end; {
		stop := i
		for stop < end && s[stop] != '&' && s[stop] != '?' && s[stop] != '#' {
			stop++
		}
		if k := strings.IndexByte(s[i:min(stop, i+64)], '='); k > 0 {
			if name := trailingName(s[i : i+k]); name != "" {
				p.value(name, i+k+1, stop)
			}
		}
		i = stop + 1
	}
}

// nameBefore returns the name that a value at i is assigned to, or "".
func nameBefore(s string, i int) string {
	k, assigned, quoted := i, false, false
	for n := 0; k > 0 && n < 8; n++ {
		switch b := s[k-1]; b {
		case '=', ':':
			assigned = true
		case '>', ' ', '\t':
		case '"', '\'', '`':
			quoted = true
		case '(', ',':
			if !quoted { // setPassword("…"), set("password", "…")
				return ""
			}
			assigned = true
		default:
			n = 8
			continue
		}
		k--
	}
	name := trailingName(s[max(0, k-48):k])
	switch before := k - len(name); {
	case at(s, k) == '>' && k == i-1 && at(s, before-1) == '<',
		strings.HasPrefix(name, "--") && k < i: // <password>…, --password …
		assigned = true
	}
	if n := k - len(name); n > 1 && s[n-1] == ':' && alnum(s[n-2]) { // a part of an ARN or a URN
		return ""
	}
	if !assigned && !strings.EqualFold(name, "bearer") && !strings.EqualFold(name, "basic") {
		return ""
	}
	return name
}

// trailingName returns the identifier at the end of a text.
func trailingName(s string) string {
	i := len(s)
	for i > 0 && (issuer.Sets[s[i-1]]&(1<<issuer.URLSafe) != 0 || s[i-1] == '.') {
		i--
	}
	if i > 0 && s[i-1] == ' ' && len(s)-i <= 8 { // "API key: …", "secret access key = …"
		k := i - 1
		for k > 0 && (alnum(s[k-1]) || s[k-1] == ' ' && alnum(at(s, k-2))) && i-k < 24 {
			k--
		}
		return strings.TrimLeft(s[k:], " ")
	}
	return s[i:]
}

// value decides whether s[start:end], assigned to a name, is a secret.
func (p *secretScan) value(name string, start, end int) {
	s := p.s
	if start < p.done {
		return
	}
	var buffer [48]byte
	plain := normalName(name, &buffer)
	// A run can end with punctuation of the sentence, or of the code around it.
	for end > start && strings.IndexByte(".!?", s[end-1]) >= 0 && alnum(at(s, end-2)) {
		end--
	}
	value := s[start:end]
	if branded(plain) {
		if harmless(name, plain) {
			return
		}
		known := issuer.UUID(value) && len(value) == 36 || random(value, 16)
		if known && !placeholder(value) && !spoken(value) {
			p.add(start, end, idAssigned, false)
		}
		return
	}
	for i := range names {
		n := &names[i]
		if !strings.Contains(plain, n.word) {
			continue
		}
		t := n.kind()
		switch {
		case t == idBasicAuth:
			if strings.EqualFold(name, "basic") {
				p.basic(start, end)
			}
			return
		case len(value) < n.min || len(value) > 512:
			return
		case t == idAzureKey:
			if sets64(value) && entropy(value) >= 4 && !placeholder(value) {
				p.add(start, end, t, false)
			}
			return
		}
		if harmless(name, plain) || plain == "token" && strings.HasPrefix(value, "eyJ") && !strings.Contains(value, ".") {
			return // with no more than the name token, JSON in base64 is a cursor of a list
		}
		if next := at(s, end); next == '(' || next == '[' || next == '{' || next == '<' && at(s, end+1) != '/' ||
			next == ':' && at(s, end+1) == ':' {
			return // a call, an index, a type
		}
		if t == idPassword {
			if strings.Contains(value, "//") || strings.Contains(name, " ") && !strings.HasSuffix(plain, n.word) {
				return // the password to a page, with its URL
			}
			if quotedOrAlone(s, start, end) && mixed(value) && secretive(value, 10) {
				p.add(start, end, t, false)
			}
			return
		}
		aws := strings.Contains(plain, "aws") || strings.Contains(plain, "secretaccesskey") ||
			strings.Contains(plain, "secretkey")
		if aws && len(value) == 40 && sets64(value) && entropy(value) >= 4.2 {
			p.add(start, end, idAWSSecret, placeholder(value))
			return
		}
		if random(value, n.min) && !placeholder(value) && !spoken(value) {
			p.add(start, end, t, false)
		}
		return
	}
}

// basic reads user and password of an Authorization header.
func (p *secretScan) basic(start, end int) {
	var decoded [96]byte
	value := strings.TrimRight(p.s[start:end], "=")
	if len(value) > 120 || len(value)%4 == 1 {
		return
	}
	n, err := base64.RawStdEncoding.Decode(decoded[:], []byte(value))
	if err != nil {
		return
	}
	_, password, ok := strings.Cut(string(decoded[:n]), ":")
	if !ok || !secretive(password, 5) {
		return
	}
	for i := range n {
		if decoded[i] < ' ' || decoded[i] > '~' {
			return
		}
	}
	p.add(start, end, idBasicAuth, false)
}

// normalName returns a name without punctuation, in lower case.
func normalName(name string, into *[48]byte) string {
	list := into[:0]
	for i := max(0, len(name)-48); i < len(name); i++ {
		if alnum(name[i]) {
			b := name[i]
			if upper(b) {
				b |= 0x20
			}
			list = append(list, b)
		}
	}
	return string(list)
}

// quotedOrAlone reports whether a value stands in quotes or ends its line. A word of code does neither.
func quotedOrAlone(s string, start, end int) bool {
	switch b := at(s, start-1); b {
	case '"', '\'', '`':
		return at(s, end) == b
	}
	b := at(s, end)
	return b == 0 || b == '\n' || b == '\r' || b == ' ' || b == ',' || b == ';' || b == '&' || b == '"' || b == '\'' ||
		b == '.' || b == '`' || b == '<'
}

// sets64 reports whether a text is base64.
func sets64(s string) bool {
	for i := range len(s) {
		if issuer.Sets[s[i]]&(1<<issuer.Base64) == 0 {
			return false
		}
	}
	return true
}

// mixed reports whether a password looks hard to guess: letters of both cases, digits or punctuation.
func mixed(s string) bool {
	var kinds uint8
	for i := range len(s) {
		kinds |= runBytes[s[i]]
	}
	n := 0
	for _, k := range [...]uint8{runDigit, runMark | runAt | runEqual, runUpper, runLower} {
		if kinds&k != 0 {
			n++
		}
	}
	return n >= 3 && kinds&runDigit != 0 && entropy(s) >= 3
}

// secretive reports whether a password is not one of those in examples.
func secretive(s string, least int) bool {
	return len(s) >= least && entropy(s) >= 2 && !placeholder(s) && !commonWord(s)
}

// random reports whether a value looks generated: letters and digits throughout, no words between punctuation, no
// dates, no versions, no identifiers of things.
func random(s string, least int) bool {
	const address = len("0x") + 40 // of a blockchain
	if len(s) < least || strings.HasPrefix(s, "0x") && len(s) == address {
		return false
	}
	digits, letters, marks, changes := 0, 0, 0, 0
	longest, run, vowels := 0, 0, 0
	var last uint8
	for i := range len(s) {
		b := s[i]
		switch p := properties[b]; {
		case p&isDigit != 0:
			digits++
		case p&isLetter != 0:
			letters++
			switch b | 0x20 {
			case 'a', 'e', 'i', 'o', 'u':
				vowels++
			}
		case p&(isUnder|isDash|isBase64|isDot) != 0 || b == '=' || b == '~':
			marks++
		default:
			return false // code, a URL, a template
		}
		kind := properties[b] & (isDigit | isUpper | isLower)
		if kind&isLower != 0 {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
		if kind != last {
			changes++
			last = kind
		}
	}
	hex := true
	for i := range len(s) {
		hex = hex && properties[s[i]]&isHex != 0
	}
	switch {
	case digits < 1 || digits < 3 && (!issuer.MixedCase(s) || entropy(s) < 4) || letters < 3 || marks > len(s)/6+1:
		return false
	case issuer.UUID(s):
		return false // an identifier is not a secret by itself
	case hex:
		return len(s) >= 32 && entropy(s) >= 3
	}
	return longest <= 8 && changes >= len(s)/4 && entropy(s) >= 3.5 && vowels*3 <= letters*2
}

// entropy returns the Shannon entropy of a text, in bits a byte.
func entropy(s string) float32 {
	if s == "" {
		return 0
	}
	s = s[:min(len(s), 512)]
	var counts [256]uint16
	for i := range len(s) {
		counts[s[i]]++
	}
	sum := 0.0
	for i := range len(s) {
		if n := counts[s[i]]; n > 0 {
			sum += float64(n) * math.Log2(float64(n))
			counts[s[i]] = 0
		}
	}
	return float32(math.Log2(float64(len(s))) - sum/float64(len(s)))
}
