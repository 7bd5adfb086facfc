package pattern

import (
	"fmt"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Where a value may come from without being a leak, as settings name it.
const (
	fromSystem    = "system"     // the instructions of the operator
	fromUser      = "user"       // what the user wrote
	fromOwnRecord = "own_record" // a tool result about the user
	fromListing   = "listing"    // a place that publishes its contacts
	fromExample   = "example"    // code that shows how something is done
)

// origins are all of them, in the order of the documentation.
var origins = []string{fromSystem, fromUser, fromOwnRecord, fromListing, fromExample}

// Allow lists values that are never a leak.
type Allow struct {
	// Domains are domains of addresses, with all below them: acme.com.
	Domains []string `yaml:"domains"`
	// Numbers are telephone numbers and accounts, in any notation.
	Numbers []string `yaml:"numbers"`
}

// policy says which values that a scanner found are no leaks.
type policy struct {
	origins []string
	domains []string // in lower case
	numbers []string // letters and digits only
}

// newPolicy checks the settings. The error has a line for each mistake.
func newPolicy(config PIIConfig) (policy, error) {
	var wrong lines
	p := policy{origins: config.NoLeakFrom}
	if p.origins == nil {
		p.origins = origins
	}
	for i, origin := range p.origins {
		if !slices.Contains(origins, origin) {
			wrong.add(fmt.Errorf("no_leak_from[%d] must be one of %s, got %q", i, strings.Join(origins, ", "), origin))
		}
	}
	for i, domain := range config.Allow.Domains {
		domain = strings.ToLower(strings.TrimPrefix(domain, "@"))
		if strings.IndexByte(domain, '.') <= 0 || strings.ContainsAny(domain, "@*/ ") {
			wrong.add(fmt.Errorf("allow.domains[%d] must be a domain such as acme.com, got %q", i, domain))
		}
		p.domains = append(p.domains, domain)
	}
	for i, number := range config.Allow.Numbers {
		const shortest = 5
		digits := string(plain(nil, number))
		if len(digits) < shortest {
			wrong.add(fmt.Errorf("allow.numbers[%d] must have at least %d digits, got %q", i, shortest, number))
		}
		p.numbers = append(p.numbers, digits)
	}
	return p, wrong.join()
}

func (p *policy) ignores(origin string) bool { return slices.Contains(p.origins, origin) }

// allows reports whether a value is on the lists.
func (p *policy) allows(value string, kind typeID) bool {
	if kind == idEmail {
		_, domain, _ := strings.Cut(strings.ToLower(value), "@")
		return slices.ContainsFunc(p.domains, func(d string) bool {
			return strings.HasSuffix(domain, d) && (len(domain) == len(d) || domain[len(domain)-len(d)-1] == '.')
		})
	}
	if len(p.numbers) == 0 {
		return false
	}
	digits := string(plain(nil, value))
	return slices.ContainsFunc(p.numbers, func(n string) bool {
		// One of them may be without the country code and the zero before the area code.
		return digits == n || len(n) > 6 && strings.HasSuffix(digits, strings.TrimLeft(n, "0")) ||
			len(digits) > 6 && strings.HasSuffix(n, strings.TrimLeft(digits, "0"))
	})
}

// known reports whether a value of an answer is no leak: it is allowed, the call holds it already, or it belongs to a
// public place or an example.
func (w *watch) known(text string, m match) bool {
	if w.call == nil {
		return false
	}
	value, p := text[m.start:m.end], w.policy
	contact := m.kind == idEmail || m.kind == idPhone
	return p.allows(value, m.kind) || w.echo(value) ||
		contact && p.ignores(fromExample) && inCode(text, m.start) ||
		m.kind == idPhone && p.ignores(fromListing) && w.ofPlace(text, m.start)
}

// maxSaid bounds how much of what a call holds is read.
const maxSaid = 256 << 10

// echo reports whether the call holds a value where it is no secret, ignoring separators and case.
func (w *watch) echo(value string) bool {
	if !w.heard {
		w.heard = true
		w.said = string(w.holdings())
	}
	return w.said != "" && strings.Contains(w.said, string(plain(nil, value)))
}

// holdings returns what the call holds of the origins that the policy ignores, without separators.
func (w *watch) holdings() (said []byte) {
	add := func(text string) {
		if len(said) < maxSaid {
			said = append(plain(said, text[:min(len(text), maxSaid)]), ' ')
		}
	}
	p := w.policy
	if p.ignores(fromSystem) {
		add(w.call.System())
	}
	input := w.call.Input()
	for i := range input {
		m := &input[i]
		switch {
		case m.Role == genai.RoleUser && p.ignores(fromUser),
			(m.Role == genai.RoleSystem || m.Role == "developer") && p.ignores(fromSystem):
			add(m.Text)
		case m.Role == genai.RoleTool && m.Text != "" && w.given(input[:i], "", m.Text):
			add(m.Text)
		}
		for _, r := range m.ToolResults {
			if w.given(input[:i], r.ID, r.Result.Text) {
				add(r.Result.Text)
			}
		}
	}
	return said
}

// given reports whether the result of a tool may be repeated: it is about the user, or a listing.
func (w *watch) given(before []genai.Message, id, result string) bool {
	result = result[:min(len(result), maxSaid)]
	tool := toolOf(before, id)
	return w.policy.ignores(fromOwnRecord) && ownRecord(tool, result, w.call.Question()) ||
		w.policy.ignores(fromListing) && listing(tool, result)
}

// toolOf returns the name of the tool whose call has an id, or that was called last, "" if it is not recorded.
func toolOf(messages []genai.Message, id string) string {
	for _, m := range slices.Backward(messages) {
		for _, call := range slices.Backward(m.ToolCalls) {
			if call.ID == id || id == "" {
				return call.Name
			}
		}
	}
	return ""
}

// plain appends the letters and digits of a text, in lower case.
func plain(into []byte, s string) []byte {
	for i := range len(s) {
		b := s[i]
		if upper(b) {
			b |= 0x20
		}
		if alnum(b) || b >= 0x80 {
			into = append(into, b)
		}
	}
	return into
}
