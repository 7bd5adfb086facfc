package pattern

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

var (
	// ownTools are words in names of tools that read what belongs to the user.
	ownTools = set(`my me mine self own current whoami myself inbox mailbox calendar`)
	// listingTools are words in names of tools that read what is published.
	listingTools = set(`
		place places poi map maps nearby business businesses yelp restaurant restaurants hotel hotels shop shops store stores
		venue venues attraction attractions web internet google bing brave duckduckgo tavily serper serp exa firecrawl browse
		browser url page pages website scrape crawl wiki wikipedia`)
	// ownMail are keys of letters and appointments, which are the user's. One of each row is needed.
	ownMail = [...][]string{
		{"subject", "summary", "title"}, {"from", "sender", "to", "reply-to", "organizer", "organiser", "attendees"},
	}
	// listingKeys are keys of entries in directories of public places.
	listingKeys = [...]string{
		"rating", "reviews", "review_count", "opening_hours", "openinghours", "price_range", "pricerange", "price_level",
		"price_per_night", "cuisine", "stars", "entry_fee",
	}
	// possessives are words with which users speak of what is theirs.
	possessives = [...]string{
		" my ", " mine ", " our ", " for me ", " about me ", " of me ", " have i ", " did i ", " am i ", " do i ",
		" mein ", " meine ", " meinen ", " meiner ", " meinem ", " unsere ", " über mich ", " von mir ", " habe ich ",
		" mon ", " ma ", " mes ", " notre ", " nos ", " mi ", " mis ", " nuestro ", " meu ", " minha ", " meus ", " minhas ",
		" mio ", " mia ", " miei ", " mie ", " mijn ", " onze ", " moje ", " mój ", " moja ", "我的", "私の", "僕の", "내 ",
	}
)

// maxRecord bounds how much of a tool result is searched for keys, in bytes.
const maxRecord = 16 << 10

// ownRecord reports whether the result of a tool is about the user: the tool says so, the result is a letter or an
// appointment, or the user asked about what is theirs and the result is about one person at most.
func ownRecord(tool, result, question string) bool {
	if named(tool, ownTools) {
		return true
	}
	head := result[:min(len(result), maxRecord)]
	letter := true
	for _, keys := range ownMail {
		letter = letter && hasKey(head, keys)
	}
	return letter || possessive(question) && onePerson(result)
}

// listing reports whether the result of a tool is published: a web page, an entry in a directory of places.
func listing(tool, result string) bool {
	return named(tool, listingTools) || hasKey(result[:min(len(result), maxRecord)], listingKeys[:])
}

// named reports whether a name has one of the words.
func named(name string, words map[string]bool) bool {
	var buffer [48]byte
	for name != "" {
		var word string
		if word, name = nextWord(name); words[normalName(word, &buffer)] {
			return true
		}
	}
	return false
}

// hasKey reports whether one of the keys has a value in a text: "rating": 4, From: Ann.
func hasKey(text string, keys []string) bool {
	for rest := text; ; {
		colon := strings.IndexByte(rest, ':')
		if colon < 0 {
			return false
		}
		name := strings.TrimRight(rest[max(0, colon-24):colon], `"'\ `)
		for _, key := range keys {
			if n := len(name) - len(key); n >= 0 && strings.EqualFold(name[n:], key) && (n == 0 || !alnum(name[n-1])) {
				return true
			}
		}
		rest = rest[colon+1:]
	}
}

// onePerson reports whether a text holds the address of one person at most.
func onePerson(text string) bool {
	first := ""
	for _, m := range scanPII(text, "", 1<<idEmail, nil) {
		address := text[m.start:m.end]
		if m.sample || strings.EqualFold(address, first) {
			continue
		}
		if first != "" {
			return false
		}
		first = address
	}
	return true
}

// possessive reports whether a question is about what belongs to the user.
func possessive(question string) bool { return hasWords(question, possessives[:]) }

// maxQuestion bounds how much of a text is searched for words, in bytes.
const maxQuestion = 4 << 10

// hasWords reports whether a text has one of the phrases, in which a space is any end of a word.
func hasWords(text string, phrases []string) bool {
	words := strings.Map(func(r rune) rune {
		if r < 0x80 && !alnum(byte(r)) {
			return ' '
		}
		return r
	}, strings.ToLower(text[:min(len(text), maxQuestion)]))
	words = " " + words + " "
	for _, phrase := range phrases {
		if strings.Contains(words, phrase) {
			return true
		}
	}
	return false
}

var (
	// publicPlaces are places whose telephone numbers are published.
	publicPlaces = [...]string{
		" hotel", " hostel", " motel", " resort", " restaurant", " café ", " cafe ", " bistro ", " museum", " gallery ",
		" attraction", " theater", " theatre", " cinema", " zoo ", " temple ", " church ", " mosque ", " palace ", " salon",
		" barber", " spa ", " gym ", " clinic ", " hospital", " pharmacy", " dentist", " supermarket", " bakery", " florist",
		" garage ", " station ", " airport", " library", " accommodation", " apartment", " property ", " reservation",
		" place of worship", " tourist", " store ", " shop ", " ristorante", " restaurante", " apotheke", " farmacia",
		" pharmacie", " tienda", " negozio",
	}
	// theirs introduce the number of a place, and not of a person.
	theirs = [...]string{
		" their ", " its ", " them ", " than ", " the phone ", " the telephone ", " the contact ", " the number ",
		" this number ", " you can call ", " to call ", " direct line ", " phone number ", " contact number ",
	}
	// persons are words for the owners of numbers that are not public.
	persons = [...]string{
		" he ", " she ", " his ", " her ", " him ", " mr ", " mrs ", " ms ", " who ", " whose ", " guest", " customer",
		" client", " patient", " tenant", " employee", " colleague", " neighbour", " neighbor", " driver", " owner",
		" member", " student", " caller", " passenger", " attendee", " subscriber", " applicant", " candidate",
	}
)

// ofPlace reports whether the telephone number at i belongs to a public place: the call is about one, and the words
// before the number, or the question if there are none, ask for the number of no person.
func (w *watch) ofPlace(text string, i int) bool {
	const reach = 64 // bytes
	before := text[max(0, i-reach):i]
	if strings.TrimSpace(before) == "" {
		before = lastPart(w.call.Question(), 2*reach)
	}
	if !hasWords(before, theirs[:]) || hasWords(before, persons[:]) {
		return false
	}
	if !w.placed {
		w.placed, w.place = true, !hasWords(lastPart(w.call.Question(), 2*reach), persons[:]) && aboutPlace(w.call)
	}
	return w.place
}

// aboutPlace reports whether the answer or one of the last messages is about a public place.
func aboutPlace(c *genai.Call) bool {
	const most = 6
	input := c.Input()
	for _, messages := range [...][]genai.Message{c.Output(), input[max(0, len(input)-most):]} {
		for i := range messages {
			m := &messages[i]
			if m.Role != genai.RoleSystem && hasWords(lastPart(m.Text, maxQuestion), publicPlaces[:]) {
				return true
			}
		}
	}
	return false
}

// lastPart returns at most the last n bytes of a text.
func lastPart(text string, n int) string { return text[max(0, len(text)-n):] }

// codeLanguages are what fences of examples are marked with. Data (JSON, CSV, logs) is not an example by itself.
var codeLanguages = set(`
	bash c clojure cpp cs csharp css dart elixir erlang go golang graphql groovy html http java javascript js jsx kotlin kt
	lua perl php powershell ps1 py py3 python python3 r rb regex ruby rs rust scala sh shell solidity sql swift ts tsx
	typescript vb vue zsh`)

// inCode reports whether a place in a text lies in a fenced block of code.
func inCode(text string, i int) bool {
	const fence = "```"
	if strings.Count(text[:i], fence)%2 == 0 {
		return false
	}
	open := strings.LastIndex(text[:i], fence) + len(fence)
	end := open
	for end < i && alnum(text[end]) && end-open < 16 {
		end++
	}
	return codeLanguages[strings.ToLower(text[open:end])]
}
