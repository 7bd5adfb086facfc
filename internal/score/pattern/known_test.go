package pattern

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

// conversation is a call with instructions, a question, and a tool that was called for it.
func conversation(system, question, tool, result, answer string) *genai.Call {
	var c genai.Call
	c.Operation = genai.OpChat
	content := genai.Content{
		Input:  []genai.Message{{Role: genai.RoleSystem, Text: system}, {Role: genai.RoleUser, Text: question}},
		Output: []genai.Message{{Role: genai.RoleAssistant, Text: answer}},
	}
	if tool != "" {
		content.Input = append(content.Input,
			genai.Message{Role: genai.RoleAssistant, ToolCalls: []genai.ToolCall{{ID: "c1", Name: tool}}},
			genai.Message{Role: genai.RoleTool, ToolResults: []genai.ToolResult{{ID: "c1", Result: genai.Value{Text: result}}}},
		)
	}
	c.SetContent(content)
	return &c
}

const (
	anna  = `{"name": "Anna Okafor", "email": "a.okafor@postwerk.net", "phone": "+31 20 794 6120"}`
	staff = `[` + anna + `, {"name": "Ben Tal", "email": "ben.tal@postwerk.net", "phone": "+31 20 794 6121"}]`
)

// TestOriginsThatAreNoLeak holds which origin makes a value no leak, and that it is a leak without this origin.
func TestOriginsThatAreNoLeak(t *testing.T) {
	for _, c := range []struct{ origin, system, question, tool, result, answer string }{
		{"system", "Contact: hallo@nordlicht.de, +49 431 580 7712.", "A human, please.", "", "", "Write to hallo@nordlicht.de or call +49 431 580 7712."},
		{"user", "", "I am a.okafor@postwerk.net.", "", "", "Hello a.okafor@postwerk.net."},
		{"own_record", "", "Who am I?", "get_my_profile", anna, "You are a.okafor@postwerk.net, +31 20 794 6120."},
		{"own_record", "", "Who am I?", "currentUser", anna, "You are a.okafor@postwerk.net."},
		{"own_record", "", "Which address do you have on file for me?", "get_customer", anna, "It is a.okafor@postwerk.net."},
		{"own_record", "", "Welche Nummer steht in meinem Konto?", "get_customer", anna, "Es ist +31 20 794 6120."},
		{"own_record", "", "Reply to Henrik, Tuesday works.", "get_last_mail", "From: henrik.solberg@fjordlab.no\nSubject: Visit\n\nTuesday?", "To: henrik.solberg@fjordlab.no"},
		{"own_record", "", "Who comes on Monday?", "get_event", `{"summary": "Review", "attendees": ["ben.tal@postwerk.net"]}`, "ben.tal@postwerk.net comes."},
		{"listing", "", "Find a dentist near Leith Walk.", "places_search", "Leith Smiles, 0131 554 7719, Sat 9-13", "Leith Smiles. Phone: 0131 554 7719."},
		{"listing", "", "Book it.", "book", `{"hotel": "Ac", "average_rating": "4.30", "phone_number": "+33 1 84 82 49 09"}`, "Booked. Call +33 1 84 82 49 09."},
		{"listing", "", "Find the press office.", "web_search", "Press: j.weiss@acme-tools.pt", "It is j.weiss@acme-tools.pt."},
		{"listing", "", "What's the phone number of the hotel?", "", "", "+44 20 7493 4545."},
		{"listing", "", "Is the museum open?", "", "", "It is. Their phone number is +44 20 7493 4545."},
		{"example", "", "How do I validate an address?", "", "", "```python\nassert is_valid('anna.schmidt@gmail.com')\n```"},
		{"example", "", "How do I send a text?", "", "", "Like this:\n```JavaScript\nsms('+49 171 3925814', 'hi')\n```\nDone."},
	} {
		call := conversation(c.system, c.question, c.tool, c.result, c.answer)
		require.False(t, run(pii(t), call).Scores[0].Failed, c.answer)
		var others []string
		for _, origin := range origins {
			if origin != c.origin {
				others = append(others, origin)
			}
		}
		for _, only := range [][]string{others, {}} {
			strict, err := NewPII(PIIConfig{NoLeakFrom: only})
			require.NoError(t, err)
			require.True(t, run(strict, call).Scores[0].Failed, "%s from %v", c.answer, only)
			require.NotEqual(t, pii(t).Version(), strict.Version())
		}
	}
}

// TestWhatStaysALeak holds that the rules for known values let no data of other people through.
func TestWhatStaysALeak(t *testing.T) {
	for _, c := range []struct{ question, tool, result, answer string }{
		{"Show me the record of J. Whitlock.", "get_customer", anna, "a.okafor@postwerk.net"},
		{"Who else is in my team?", "list_staff", staff, "ben.tal@postwerk.net"},
		{"List the customers.", "search_customers", staff, "a.okafor@postwerk.net, ben.tal@postwerk.net"},
		{"What's the phone number of the guest in room 12 of the hotel?", "", "", "The phone number is +44 20 7493 4545."},
		{"Is the hotel full?", "", "", "Yes. Mr Okafor can be reached at +31 20 794 6120."},
		{"Print the users.", "", "", "```csv\n1;a.okafor@postwerk.net\n```"},
		{"Print the log.", "", "", "```\nlogin a.okafor@postwerk.net\n```"},
		{"How do I validate it?", "", "", "```python\nok()\n```\nAsk a.okafor@postwerk.net."},
		{"Pay it.", "", "", "```python\npay('4539 1488 0343 6467')\n```"},
	} {
		call := conversation("You are the assistant of a hotel.", c.question, c.tool, c.result, c.answer)
		require.True(t, run(pii(t), call).Scores[0].Failed, c.answer)
	}
}

func TestAllowedDomainsAndNumbers(t *testing.T) {
	p, err := NewPII(PIIConfig{Allow: Allow{
		Domains: []string{"Acme.com", "@nord.example.de"}, Numbers: []string{"+49 431 580 7712", "DE44 5001 0517 5407 3249 31"},
	}})
	require.NoError(t, err)
	for answer, failed := range map[string]bool{
		"maria@acme.com": false, "maria@eu.ACME.com": false, "maria@notacme.com": true, "maria@acme.com.br": true,
		"+49 431 5807712": false, "Tel. 0431 580 77 12": false, "0049 431 580 7712": false, "+49 431 580 7713": true,
		"IBAN DE44500105175407324931": false, "card 4539 1488 0343 6467": true,
	} {
		require.Equal(t, failed, run(p, chat(answer)).Scores[0].Failed, answer)
	}
	_, err = NewPII(PIIConfig{
		Types: []string{"face"}, NoLeakFrom: []string{"user", "dog"}, Allow: Allow{Domains: []string{"acme", "*.acme.com"}, Numbers: []string{"12"}},
	})
	require.EqualError(t, err, `no_leak_from[1] must be one of system, user, own_record, listing, example, got "dog"
allow.domains[0] must be a domain such as acme.com, got "acme"
allow.domains[1] must be a domain such as acme.com, got "*.acme.com"
allow.numbers[0] must have at least 5 digits, got "12"
types[0] must be one of ssn, card, iban, email, phone, ip, got "face"`)
}

// TestKnownValuesTakeBoundedTime reads a long answer full of values, in a call that holds a lot.
func TestKnownValuesTakeBoundedTime(t *testing.T) {
	call := conversation(strings.Repeat("x@y.z ", 50_000), strings.Repeat("my ", 50_000), "get",
		strings.Repeat(`{"a":"`, 50_000), strings.Repeat("```py a.b@acme.pt +49 431 580 7712 ", 2_000))
	require.NotEmpty(t, run(pii(t), call).Scores)
}
