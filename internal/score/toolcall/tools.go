package toolcall

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// toolset is the compiled definitions of one request.
type toolset struct {
	tools map[string]*tool
	// problem says why there are no tools, and is "" if there are.
	problem string
}

type tool struct {
	parameters *node // nil if the definition has none
	// problem says why the definition could only be used in part, and is "" if it could in full.
	problem string
}

func compileTools(definitions string) (set *toolset, size int) {
	tools, err := genai.ParseTools(definitions)
	set, size = newToolset(tools)
	if err != nil && len(tools) == 0 {
		set.problem = "the tool definitions are not JSON"
	}
	return set, size
}

// Measured sizes of the compiled forms.
const (
	bytesPerTool = 300
	bytesPerNode = 500
)

// maxTools bounds the definitions of one request.
const maxTools = 4096

// newToolset compiles definitions, and estimates how many bytes they keep.
func newToolset(tools []genai.Tool) (set *toolset, size int) {
	set = &toolset{tools: make(map[string]*tool, len(tools))}
	c := compiler{rests: map[string]rest{}}
	for i := range tools[:min(len(tools), maxTools)] {
		set.tools[tools[i].Name] = c.tool(&tools[i])
	}
	return set, len(set.tools)*bytesPerTool + c.nodes*bytesPerNode + c.kept
}

func (c *compiler) tool(definition *genai.Tool) *tool {
	if definition.Parameters == "" {
		return &tool{}
	}
	schema, err := jsonschema.Decode(definition.Parameters)
	if err != nil {
		return &tool{problem: err.Error()}
	}
	c.err = nil
	t := &tool{parameters: c.definition(schema)}
	if c.err != nil {
		t.problem = strings.Join(strings.Fields(c.err.Error()), " ")
	}
	return t
}

func (s *toolset) size() int { return len(s.tools) }

// tool finds a definition by the name that the model used.
func (s *toolset) tool(name string) *tool {
	if t, ok := s.tools[name]; ok {
		return t
	}
	// Harmony and some gateways put a namespace before the name.
	if _, bare, ok := strings.Cut(name, "functions."); ok {
		return s.tools[bare]
	}
	return nil
}
