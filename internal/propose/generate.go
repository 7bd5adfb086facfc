package propose

import (
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/score/rule"
)

// Ranks of conditions: see condition.
const (
	rankFound = iota
	rankCall
	rankType
	rankValue
	rankFormat
	rankText
	rankLength
	rankScalar
)

// generator makes the conditions that the calls of a half suggest.
type generator struct {
	half   *halved
	inside bitset
	seen   map[string]bool
	list   []*condition
}

func (g *generator) add(rank int, slug, text string) {
	if !g.seen[text] && utf8.ValidString(text) && len(text) < 4<<10 {
		g.seen[text] = true
		g.list = append(g.list, &condition{text: text, slug: slug, rank: rank})
	}
}

// either adds a condition and its opposite.
func (g *generator) either(rank int, slug, text string) {
	g.add(rank, slug, text)
	g.add(rank, "no_"+slug, "not ("+text+")")
}

// each calls a function with the calls of the scope.
func (g *generator) each(do func(j *judged)) {
	for i := range g.half.rows {
		if g.inside.has(i) {
			do(&g.half.rows[i])
		}
	}
}

// generate makes the conditions, those that can be trusted most first.
func (g *generator) generate(inside bitset) {
	g.inside = inside
	g.found()
	g.tools()
	g.order()
	g.loops()
	g.values("", func(v *rule.View, put func(path string, value any)) {
		if v.JSON != nil {
			flatten("", v.JSON, 0, put)
		}
	})
	g.arguments()
	g.described()
	g.literals()
	g.add(rankType, "no_json", `json == nil`)
	g.add(rankType, "no_json_object", `type(json) != "map"`)
	g.texts()
	g.scalars()
}

// found makes conditions of what scorers found and how they scored.
func (g *generator) found() {
	names := map[string]bool{}
	values := map[string]*stump{}
	g.each(func(j *judged) {
		if j.failed {
			for _, name := range j.view.Found {
				names[name] = true
			}
		}
		for scorer, value := range j.view.Scores {
			if values[scorer] == nil {
				values[scorer] = &stump{}
			}
			values[scorer].add(value, j.failed)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(names)) {
		_, detail, _ := strings.Cut(name, "/")
		g.add(rankFound, detail, quote(name)+" in found")
	}
	for _, scorer := range slices.Sorted(maps.Keys(values)) {
		if _, below, ok := values[scorer].best(); ok {
			at := "scores[" + quote(scorer) + "]"
			g.add(rankLength, "low_"+scorer, quote(scorer)+" in scores and "+at+" < "+number(below))
		}
	}
}

// tools makes conditions of which tools are called, and how often.
func (g *generator) tools() {
	names := map[string]bool{}
	g.each(func(j *judged) {
		for _, name := range j.view.ToolCalls {
			names[name] = true
		}
	})
	g.either(rankCall, "call", "len(tool_calls) > 0")
	g.add(rankCall, "several_calls", "len(tool_calls) > 1")
	g.add(rankCall, "unknown_tool", "any(tool_calls, not (# in tools))")
	g.add(rankCall, "same_tool_again", "len(uniq(tool_calls)) < len(tool_calls)")
	g.add(rankCall, "tool_left_out", "len(uniq(tool_calls)) < len(tools)")
	for _, name := range first(slices.Sorted(maps.Keys(names)), maxTools) {
		g.either(rankCall, name+"_called", quote(name)+" in tool_calls")
		g.add(rankCall, name+"_again", "count(tool_calls, # == "+quote(name)+") > 1")
	}
}

// loops makes conditions of how often tools were called in the conversation: each of them, and any of them again.
func (g *generator) loops() {
	times := func(slug, text string, of func(steps []string) int) {
		n := func(v *rule.View) (float64, bool) { return float64(of(v.Steps)), len(v.Steps) > 0 }
		g.bound(rankType, slug, func(compare string) string { return text + compare }, n, n)
	}
	names := map[string]bool{}
	g.each(func(j *judged) {
		for _, name := range j.view.Steps {
			names[name] = true
		}
	})
	for _, name := range first(slices.Sorted(maps.Keys(names)), maxTools) {
		g.add(rankType, name+"_repeated", "count(steps, # == "+quote(name)+") > 1")
		times(name+"_repeats", "count(steps, # == "+quote(name)+")", func(steps []string) (n int) {
			for _, step := range steps {
				if step == name {
					n++
				}
			}
			return n
		})
	}
	times("repeated_steps", "len(steps) - len(uniq(steps))", func(steps []string) int {
		different := map[string]bool{}
		for _, step := range steps {
			different[step] = true
		}
		return len(steps) - len(different)
	})
}

// Bounds of what is looked at.
const (
	maxTools  = 24
	maxFields = 60
	maxDepth  = 4
)

// order makes conditions of which tool has to be called before which.
func (g *generator) order() {
	names := map[string]bool{}
	g.each(func(j *judged) {
		for _, name := range j.view.Steps {
			names[name] = true
		}
	})
	list := first(slices.Sorted(maps.Keys(names)), maxTools/2)
	for _, earlier := range list {
		g.either(rankType, earlier+"_before", quote(earlier)+" in steps")
		for _, later := range list {
			if earlier == later {
				continue
			}
			a, b := "findIndex(steps, # == "+quote(earlier)+")", "findIndex(steps, # == "+quote(later)+")"
			g.add(rankCall, later+"_before_"+earlier,
				"let a = "+a+" ?? -1; let b = "+b+" ?? -1; b >= 0 and (a < 0 or a > b)")
		}
	}
}

// arguments makes conditions of the arguments of each tool, and of those that several tools have.
func (g *generator) arguments() {
	tools := map[string]int{}
	g.each(func(j *judged) {
		for i := range j.view.Calls {
			tools[j.view.Calls[i].Name]++
		}
	})
	names := slices.SortedFunc(maps.Keys(tools), func(a, b string) int { return tools[b] - tools[a] })
	for _, tool := range append(first(names, maxTools), anyTool) {
		g.values(tool, func(v *rule.View, put func(path string, value any)) {
			for i := range first(v.Calls, maxTools) {
				if c := &v.Calls[i]; (c.Name == tool || tool == anyTool) && c.Args != nil {
					flatten("", c.Args, 0, put)
				}
			}
		})
	}
}

// literals makes conditions of arguments that stand nowhere in the conversation: texts and numbers of any tool.
func (g *generator) literals() {
	for _, of := range []struct{ slug, kind, text string }{
		{"made_up_text", "string", "lower(v)"}, {"made_up_number", "float", "string(v)"},
	} {
		g.add(rankFormat, of.slug, "any(calls, any(values(.args), {let v = #; type(v) == "+quote(of.kind)+
			" and not any(messages, lower(#) contains "+of.text+")}))")
	}
}

// anyTool stands for the calls of every tool.
const anyTool = "*"

// flatten calls a function with every value within a value. The elements of lists share a path.
func flatten(path string, value any, depth int, put func(path string, value any)) {
	if path != "" {
		put(path, value)
	}
	if depth == maxDepth {
		return
	}
	below := func(key string) string {
		if path == "" {
			return key
		}
		return path + "." + key
	}
	switch v := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		for _, key := range first(keys, maxFields) {
			one := v[key]
			if key != "" && len(key) < 64 && !strings.ContainsAny(key, ".*") {
				flatten(below(key), one, depth+1, put)
			}
		}
	case []any:
		for _, one := range first(v, 64) {
			flatten(below("*"), one, depth+1, put)
		}
	}
}

// scalars makes conditions of numbers of the call, of its answer, and of how it ended.
func (g *generator) scalars() {
	for _, s := range []struct {
		slug, text string
		rank       int
		of         func(*rule.View) (float64, bool)
	}{
		{"answer_length", "len(output)", rankLength, func(v *rule.View) (float64, bool) {
			return float64(utf8.RuneCountInString(v.Output)), true
		}},
		{"calls", "len(tool_calls)", rankCall, func(v *rule.View) (float64, bool) { return float64(len(v.ToolCalls)), true }},
		{"steps", "len(steps)", rankType, func(v *rule.View) (float64, bool) { return float64(len(v.Steps)), true }},
		{"output_tokens", "call.usage.output", rankScalar, func(v *rule.View) (float64, bool) {
			return float64(v.Call.Usage.Output), true
		}},
		{"input_tokens", "call.usage.input", rankScalar, func(v *rule.View) (float64, bool) {
			return float64(v.Call.Usage.Input), true
		}},
		{"duration", "call.duration_ms", rankScalar, func(v *rule.View) (float64, bool) { return v.Call.Duration, true }},
		{"cost", "call.cost_usd", rankScalar, func(v *rule.View) (float64, bool) { return v.Call.CostUSD, true }},
		{"ttft", "call.ttft_ms", rankScalar, func(v *rule.View) (float64, bool) { return v.Call.TTFT, true }},
		{"temperature", "call.temperature", rankScalar, func(v *rule.View) (float64, bool) {
			return v.Call.Temperature, true
		}},
	} {
		g.bound(s.rank, s.slug, func(compare string) string { return s.text + compare }, s.of, s.of)
	}
	extreme := func(pick func(...float64) float64) func(*rule.View) (float64, bool) {
		return func(v *rule.View) (float64, bool) {
			if len(v.Numbers) == 0 {
				return 0, false
			}
			return pick(v.Numbers...), true
		}
	}
	g.bound(rankValue, "number", func(compare string) string { return "any(numbers, #" + compare + ")" },
		extreme(func(n ...float64) float64 { return slices.Max(n) }),
		extreme(func(n ...float64) float64 { return slices.Min(n) }))
	g.either(rankValue, "number", "len(numbers) > 0")
	reasons, models := map[string]bool{}, map[string]bool{}
	g.each(func(j *judged) {
		for _, reason := range j.view.Call.FinishReasons {
			reasons[reason] = true
		}
		models[j.view.Call.Model] = true
	})
	for _, reason := range first(slices.Sorted(maps.Keys(reasons)), maxTools) {
		g.either(rankScalar, "finish_"+reason, quote(reason)+" in call.finish_reasons")
	}
	if delete(models, ""); len(models) > 1 {
		for _, model := range first(slices.Sorted(maps.Keys(models)), maxTools) {
			g.add(rankScalar, "model_"+model, "call.model == "+quote(model))
		}
	}
	g.add(rankCall, "refusal", `refusal != ""`)
	g.either(rankCall, "answer", `output != ""`)
	g.add(rankCall, "error", `call.error.is_error`)
}

// bound makes conditions on a number: above a bound of its largest values, below one of its smallest.
func (g *generator) bound(
	rank int, slug string, text func(compare string) string, largest, smallest func(*rule.View) (float64, bool),
) {
	var high, low stump
	g.each(func(j *judged) {
		if value, ok := largest(j.view); ok {
			high.add(value, j.failed)
		}
		if value, ok := smallest(j.view); ok {
			low.add(value, j.failed)
		}
	})
	if above, _, ok := high.best(); ok && !math.IsInf(above, 0) {
		g.add(rank, "high_"+slug, text(" > "+number(above)))
	}
	if _, below, ok := low.best(); ok && !math.IsInf(below, 0) {
		g.add(rank, "low_"+slug, text(" < "+number(below)))
	}
}

func first[T any](list []T, most int) []T { return list[:min(len(list), most)] }

// quote writes a text as expressions spell it.
func quote(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string can always be written
	return strings.TrimSuffix(b.String(), "\n")
}

func number(f float64) string {
	if f == 0 {
		return "0" // not -0
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
