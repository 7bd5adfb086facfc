package wiringconverter

import (
	"fmt"
	"slices"
	"strings"
)

// sectionsOf are the sections in which our components belong.
var sectionsOf = map[string][]string{
	"llm_failure":   {processors},
	"llm_session":   {processors},
	"llm_journal":   {processors},
	"llm_rootcause": {processors},
	"llm_metrics":   {connectors},
	"llm_judge":     {connectors},
	"llm_review":    {receivers, exporters, extensions},
	"llm_budget":    {extensions},
	"llm_storage":   {extensions},
}

func isOurs(typ string) bool { return sectionsOf[typ] != nil }

// shape is a key under which users write a text and a component wants more.
type shape struct {
	typ, key string // of the component, "" for each of ours; the path in it, "" for its whole configuration
	want     string // with the text as %s
}

var shapes = []shape{
	{"llm_failure", "scorers", "the content of a scorer file: write ${file:%s}"},
	{"llm_failure", "prices", "the content of a price file: write ${file:%s} or {file: %[1]s}"},
	{"llm_failure", "redact", "a list: write [%s]"},
	{"llm_session", "polling_tools", "a list: write [%s]"},
	{"llm_review", "tempo", `a map: write {endpoint: "%s"}`},
	{"llm_review", "redact", "a list: write [%s]"},
	{"llm_review", "http", `a map: write {endpoint: "%s"}`},
	{"llm_review", "store", `a map: write {sqlite: {path: "%s"}}`},
	{"llm_review", "store::sqlite", `a map: write {path: "%s"}`},
	{"llm_budget", "http", `a map: write {endpoint: "%s"}`},
	{"llm_budget", "webhook", `a map: write {url: "%s"}`},
	{"file_storage", "", `a map: write {directory: "%s"}`},
	{"llm_storage", "", `a map: write {directory: "%s"}`},
}

// slips finds components in the wrong section or with a wrong name, and texts where a map or a list belongs.
func slips(s *settings) []finding {
	var found []finding
	add := func(key, format string, args ...any) {
		found = append(found, finding{key, fmt.Sprintf(format, args...), true})
	}
	for _, c := range s.all() {
		typ := typeOf(c.id)
		if at := sectionsOf[typ]; at != nil && !slices.Contains(at, c.section) {
			add(c.key(), "%s belongs under %s", typ, strings.Join(at, " or "))
		} else if name := meant(typ); name != "" {
			add(c.key(), "there is no %s; did you mean %s?", typ, name)
		}
		for _, sh := range shapes {
			if sh.typ != typ {
				continue
			}
			value, key := c.config, c.key()
			if sh.key != "" {
				value, key = at(value, strings.Split(sh.key, "::")...), key+"::"+sh.key
			}
			if text, ok := value.(string); ok && text != "" {
				add(key, "got the text %q, want "+sh.want, text, text)
			}
		}
	}
	for i := range s.pipelines {
		p := &s.pipelines[i]
		for _, list := range []string{receivers, processors, exporters} {
			for _, id := range p.lists[list] {
				found = append(found, misplaced(p, list, id)...)
			}
		}
	}
	return found
}

// misplaced finds a component of ours in a list of a pipeline where its kind has no place.
func misplaced(p *pipeline, list, id string) []finding {
	at := sectionsOf[typeOf(id)]
	if at == nil || slices.Contains(at, list) || list != processors && slices.Contains(at, connectors) {
		return nil
	}
	text := id + " belongs in the list of " + at[0]
	switch at[0] {
	case connectors:
		text = id + " is a connector: list it in the exporters here, and in the receivers of a metrics pipeline"
	case extensions:
		text = id + " is an extension: list it in service::extensions"
	}
	return []finding{{p.key(list), text, true}}
}

// meant returns our type that a misspelled one resembles, or "".
func meant(typ string) string {
	if isOurs(typ) || !strings.HasPrefix(typ, "llm") {
		return ""
	}
	best, least := "", 3
	for name := range sectionsOf {
		if n := distance(plain(typ), plain(name)); n < least || n == least && name < best {
			best, least = name, n
		}
	}
	return best
}

// plain drops what does not change a name for a reader.
func plain(typ string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(typ))
}

// distance counts the letters that are replaced, added and removed between two short names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
