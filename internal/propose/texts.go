package propose

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/score/rule"
)

// texted are the texts of a call that conditions look into.
var texted = []struct {
	name          string
	of            func(*rule.View) string
	apart, absent int // how many words are proposed that are there, and that are not there
}{
	{"output", func(v *rule.View) string { return v.Output }, 60, 30},
	{"input", func(v *rule.View) string { return v.Input }, 40, 10},
	{"tool_result", func(v *rule.View) string { return v.ToolResult }, 40, 20},
}

// marks are patterns of what answers hold. The slug is a word for it.
var marks = []struct{ slug, pattern string }{
	{"email", `[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]`},
	{"url", `https?://`},
	{"markdown_link", `\]\(`},
	{"markdown_heading", `(?m)^#+ `},
	{"markdown_list", `(?m)^\s*([-*]|[0-9]+\.) `},
	{"markdown_table", `(?m)^\|.*\|`},
	{"bold", `\*\*`},
	{"code_block", "```"},
	{"html", `</?[a-zA-Z][a-zA-Z0-9]*[^<>]*>`},
	{"json_object", `^\s*\{`},
	{"placeholder", `\{\{?[a-zA-Z_ ]+\}?\}|\[[A-Z][A-Za-z_ ]+\]|<[A-Z_]+>`},
	{"date", `\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b`},
	{"price", `([€$£]\s?[0-9]|[0-9]\s?(€|EUR|USD|GBP|dollars|euros)\b)`},
	{"percentage", `[0-9]\s?%`},
	{"citation", `\[[0-9]+\]`},
	{"phone", `\+[0-9][0-9 ()-]{7,}`},
	{"question", `\?\s*$`},
	{"exclamation", `!`},
	{"end_of_sentence", `[.!?…]["')\]]?\s*$`},
	{"emoji", `[\x{1F300}-\x{1FAFF}]`},
	{"think_tag", `</?think`},
	{"non_latin", `[\p{Han}\p{Cyrillic}\p{Arabic}\p{Hangul}\p{Hiragana}\p{Katakana}]`},
}

func (g *generator) texts() {
	for _, t := range texted {
		var texts [2][]string
		g.each(func(j *judged) {
			if text := t.of(j.view); text != "" {
				texts[side(j.failed)] = append(texts[side(j.failed)], text)
			}
		})
		if len(texts[0])+len(texts[1]) == 0 {
			continue
		}
		for _, word := range wordsApart(texts[1], texts[0], t.apart) {
			g.add(rankText, t.name+"_"+word, "lower("+t.name+") contains "+quote(word))
		}
		for _, word := range wordsApart(texts[0], texts[1], t.absent) {
			g.add(rankText, "no_"+t.name+"_"+word, "not (lower("+t.name+") contains "+quote(word)+")")
		}
		for _, code := range codesApart(texts[1], texts[0], 10) {
			g.either(rankText, t.name+"_code", t.name+" matches "+quote(code))
		}
	}
	for _, mark := range marks {
		g.either(rankFormat, mark.slug, "output matches "+quote(mark.pattern))
	}
}

// Bounds of the words that are read.
const (
	maxText  = 4 << 10 // bytes of a text
	maxTexts = 400     // texts of a side
	maxWords = 4       // of a phrase
	maxGrams = 30_000  // phrases that are counted
)

// wordsApart returns phrases that are in more of the first texts than of the second: those that part them best first,
// and of equals the longest.
func wordsApart(texts, others []string, most int) []string {
	counts := map[string]*[2]int{}
	for s, list := range [2][]string{first(texts, maxTexts), first(others, maxTexts)} {
		for _, text := range list {
			seen := map[string]bool{}
			phrases(text, func(phrase string) {
				n := counts[phrase]
				if n == nil {
					if s == 1 || len(counts) >= maxGrams {
						return
					}
					n = new([2]int)
					counts[phrase] = n
				}
				if !seen[phrase] {
					seen[phrase] = true
					n[s]++
				}
			})
		}
	}
	return apart(counts, len(first(texts, maxTexts)), len(first(others, maxTexts)), most)
}

// apart returns the keys that part two sides best.
func apart(counts map[string]*[2]int, total, others, most int) []string {
	gain := func(key string) float64 {
		n := counts[key]
		return float64(n[0])/float64(max(1, total)) - float64(n[1])/float64(max(1, others))
	}
	var list []string
	for key, n := range counts {
		if n[0] >= max(2, total/20) && gain(key) > 0.05 {
			list = append(list, key)
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(gain(b), gain(a)), cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return first(list, most)
}

// phrases calls a function with the runs of up to maxWords words of a text in small letters, as they stand in it.
func phrases(text string, do func(phrase string)) {
	text = strings.ToLower(clip.Text(text, maxText))
	type span struct{ from, to int }
	var words []span
	from := -1
	for i, r := range text {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'' || r == '_' || unicode.Is(unicode.Mn, r)
		switch {
		case inside && from < 0:
			from = i
		case !inside && from >= 0:
			words = append(words, span{from, i})
			from = -1
		}
	}
	if from >= 0 {
		words = append(words, span{from, len(text)})
	}
	for i := range words {
		for k := i; k < min(i+maxWords, len(words)); k++ {
			if k > i && words[k].from-words[k-1].to > 2 { // more than a comma and a space
				break
			}
			if phrase := text[words[i].from:words[k].to]; len(phrase) > 1 {
				do(phrase)
			}
		}
	}
}

var code = regexp.MustCompile(`[A-Za-z]*[-_#/]?[0-9][A-Za-z0-9_/-]*`)

// codesApart returns patterns of codes such as ORD-1234 that are in more of the first texts than of the second.
func codesApart(texts, others []string, most int) []string {
	counts := map[string]*[2]int{}
	for s, list := range [2][]string{first(texts, maxTexts), first(others, maxTexts)} {
		for _, text := range list {
			here := map[string]bool{}
			for _, found := range code.FindAllString(clip.Text(text, maxText), 64) {
				if len(found) <= 24 {
					here["\\b"+strings.TrimLeft(digitsOf(found), "-_#/")+"\\b"] = true
				}
			}
			for pattern := range maps.Keys(here) {
				if counts[pattern] == nil {
					counts[pattern] = new([2]int)
				}
				counts[pattern][s]++
			}
		}
	}
	return apart(counts, len(first(texts, maxTexts)), len(first(others, maxTexts)), most)
}

var digits = regexp.MustCompile(`[0-9]+`)

// digitsOf returns a pattern of a code: its digits may be others.
func digitsOf(text string) string { return digits.ReplaceAllString(regexp.QuoteMeta(text), "[0-9]+") }
