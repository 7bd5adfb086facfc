package rule

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// ParameterView is a parameter of a tool that is called, with its argument and what the definition says of it.
type ParameterView struct {
	Tool     string `expr:"tool" doc:"the tool"`
	Name     string `expr:"name" doc:"the parameter"`
	About    string `expr:"about" doc:"its description in the definition, in small letters"`
	Type     string `expr:"type" doc:"its type in the definition; empty where that names none, or several"`
	Required bool   `expr:"required" doc:"whether the definition requires it"`
	Value    any    `expr:"value" doc:"its argument, nil where the call does not give it"`
}

// Bounds of the parameters that an expression sees.
const (
	maxParameters = 512     // of the calls of an answer
	maxAbout      = 1 << 10 // bytes of a description
)

// parametersOf returns the parameters of the tools that are called, those of each call by their names.
func parametersOf(c *genai.Call) (list []ParameterView) {
	definitions := map[string][]ParameterView{}
	for _, t := range c.Tools()[:min(len(c.Tools()), maxCalls)] {
		if _, twice := definitions[t.Name]; !twice && t.Parameters != "" {
			definitions[t.Name] = declared.Get(t.Parameters)
		}
	}
	for _, called := range callsOf(c) {
		for _, p := range definitions[called.Name] {
			if len(list) == maxParameters {
				return list
			}
			p.Tool, p.Value = called.Name, called.Args[p.Name]
			list = append(list, p)
		}
	}
	return list
}

// declared keeps the parameters of the schemas that were used last: most calls have the tools of the one before.
var declared = jsonschema.NewCache(func(schema string) (list []ParameterView, size int) {
	var object struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if json.Unmarshal([]byte(schema), &object) != nil {
		return nil, 0
	}
	names := slices.Sorted(maps.Keys(object.Properties))
	for _, name := range names[:min(len(names), maxParameters)] {
		var property struct {
			Description string `json:"description"`
			Type        any    `json:"type"`
		}
		_ = json.Unmarshal(object.Properties[name], &property) // true, or a wrong type, says nothing
		p := ParameterView{
			Name: name, About: strings.ToLower(clip.Text(property.Description, maxAbout)),
			Required: slices.Contains(object.Required, name),
		}
		p.Type, _ = property.Type.(string)
		list = append(list, p)
		size += len(p.Name) + len(p.About) + 100
	}
	return list, size
})
