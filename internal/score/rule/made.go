package rule

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// made is a set of the names in making.
type made uint8

// making fills the names of the view that are costly to make, so that only expressions that name them pay for them.
var making = [...]struct {
	name string
	fill func(v *View, c *genai.Call, r *score.Result)
}{
	{"calls", func(v *View, c *genai.Call, _ *score.Result) { v.Calls = callsOf(c) }},
	{"parameters", func(v *View, c *genai.Call, _ *score.Result) { v.Parameters = parametersOf(c) }},
	{"steps", func(v *View, c *genai.Call, _ *score.Result) { v.Steps = stepsOf(c) }},
	{"json", func(v *View, _ *genai.Call, _ *score.Result) { v.JSON = jsonOf(v.Output) }},
	{"numbers", func(v *View, _ *genai.Call, _ *score.Result) { v.Numbers = numbersIn(v.Output) }},
	{"scores", func(v *View, _ *genai.Call, r *score.Result) {
		v.Scores = make(map[string]float64, len(r.Scores))
		for i := range r.Scores {
			v.Scores[r.Scores[i].Scorer] = r.Scores[i].Value
		}
	}},
	{"found", func(v *View, _ *genai.Call, r *score.Result) {
		for i := range r.Findings {
			v.Found = append(v.Found, string(r.Findings[i].Class)+"/"+r.Findings[i].Detail)
		}
	}},
}

// makes returns what has to be made for a name.
func makes(name string) made {
	for i := range making {
		if making[i].name == name {
			return 1 << i
		}
	}
	return 0
}

// maxArguments bounds the arguments of an answer that are decoded, in bytes.
const maxArguments = 1 << 20

func callsOf(c *genai.Call) (list []CalledView) {
	if c.Operation == genai.OpExecuteTool {
		return []CalledView{{c.ToolName, object(c.ToolArguments().Text)}}
	}
	budget := maxArguments
	for _, m := range c.Output() {
		for i := range m.ToolCalls {
			if len(list) == maxCalls {
				return list
			}
			called := CalledView{Name: m.ToolCalls[i].Name}
			if budget -= len(m.ToolCalls[i].Arguments.Text); budget >= 0 {
				called.Args = object(m.ToolCalls[i].Arguments.Text)
			}
			list = append(list, called)
		}
	}
	return list
}

func object(arguments string) map[string]any {
	value, _ := decoded(arguments).(map[string]any)
	return value
}

// stepsOf returns the last maxCalls calls of the conversation.
func stepsOf(c *genai.Call) (names []string) {
	for _, list := range [][]genai.Message{c.Input(), c.Output()} {
		for i := range list {
			for j := range list[i].ToolCalls {
				names = append(names, list[i].ToolCalls[j].Name)
			}
		}
	}
	return names[max(0, len(names)-maxCalls):]
}

func jsonOf(text string) (value any) {
	text = strings.TrimSpace(text)
	if text == "" || json.Unmarshal([]byte(text), &value) != nil {
		return nil
	}
	return value
}

// numbersIn reads numbers as people write them: 7, -3.5, 1,200.50. Digits within a word or a code are none.
func numbersIn(text string) (list []float64) {
	for i := 0; i < len(text) && len(list) < maxCalls; {
		if !digit(text[i]) {
			i++
			continue
		}
		from, end := i, i
		for end < len(text) && (digit(text[end]) || strings.IndexByte(".,", text[end]) >= 0 && end+1 < len(text) &&
			digit(text[end+1])) {
			end++
		}
		i = end
		if from > 0 && text[from-1] == '-' && (from == 1 || !within(text[from-2])) {
			from--
		} else if from > 0 && within(text[from-1]) {
			continue
		}
		if end < len(text) && within(text[end]) {
			continue
		}
		if f, err := strconv.ParseFloat(strings.ReplaceAll(text[from:end], ",", ""), 64); err == nil {
			list = append(list, f)
		}
	}
	return list
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// within reports whether a byte beside digits makes them a part of a word or a code.
func within(b byte) bool {
	return digit(b) || 'a' <= b|0x20 && b|0x20 <= 'z' || b == '_' || b == '-' || b == '/' || b == ':' || b >= 0x80
}

// atName is the function that looks into JSON values: at(.args, "address.city"), at(json, "items.*.price").
const atName = "at"

// maxBelow bounds the values that a path with * leads to.
const maxBelow = 1024

// at returns the value at a path of keys and indexes, nil where there is none. With * it returns a list of the values
// below all elements of a list, those of a value that is no list being none.
func at(params ...any) (any, error) {
	path, _ := params[1].(string)
	return below(params[0], strings.Split(path, ".")), nil
}

func below(value any, path []string) any {
	for i, key := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			if key == "*" {
				return each(v, path[i+1:])
			}
			n, err := strconv.Atoi(key)
			if err != nil || n < 0 || n >= len(v) {
				return nil
			}
			value = v[n]
		default:
			if key == "*" {
				return []any{}
			}
			return nil
		}
	}
	return value
}

func each(list []any, path []string) []any {
	all := make([]any, 0, min(len(list), maxBelow))
	for _, one := range list {
		if len(all) >= maxBelow {
			break
		}
		value := below(one, path)
		if inner, ok := value.([]any); ok && len(path) > 0 && strings.Contains(strings.Join(path, "."), "*") {
			all = append(all, inner[:min(len(inner), maxBelow-len(all))]...)
			continue
		}
		all = append(all, value)
	}
	return all
}
