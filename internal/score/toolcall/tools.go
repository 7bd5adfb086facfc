package toolcall

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// toolset is the compiled definitions of one request.
type toolset struct {
	tools      map[string]*tool
	namespaces map[string]bool
	// open is set if a definition stands for tools that it does not list, so that an unknown name is no mistake.
	open bool
	// problem says why there are no tools, and is "" if there are.
	problem string
}

type tool struct {
	kind       genai.ToolKind
	parameters *node // nil if the definition has none
	// problem says why the definition could only be used in part, and is "" if it could in full.
	problem string
}

func compileTools(definitions string, options jsonschema.Options) (set *toolset, size int) {
	tools, err := genai.ParseTools(definitions)
	set, size = newToolset(tools, options)
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
func newToolset(tools []genai.Tool, options jsonschema.Options) (set *toolset, size int) {
	set = &toolset{tools: make(map[string]*tool, len(tools))}
	c := compiler{rests: map[string]rest{}, options: options}
	for i := range tools[:min(len(tools), maxTools)] {
		definition := &tools[i]
		if definition.Kind == genai.ToolSet || searchesTools(definition.Name) {
			set.open = true
		}
		if definition.Kind != genai.ToolSet {
			set.add(definition, c.tool(definition))
		}
	}
	set.open = set.open || len(tools) > maxTools
	return set, len(set.tools)*bytesPerTool + c.nodes*bytesPerNode + c.kept
}

// add adds a compiled definition under its name.
func (s *toolset) add(definition *genai.Tool, t *tool) {
	s.tools[definition.Name] = t
	if definition.Kind == genai.ToolProvider {
		for _, name := range partsOf(definition.Name) {
			s.tools[name] = t
		}
	}
	if definition.Namespace != "" {
		if s.namespaces == nil {
			s.namespaces = map[string]bool{}
		}
		s.namespaces[definition.Namespace] = true
	}
}

// searchesTools reports whether a tool loads other tools, which the recorded definitions do not list.
func searchesTools(name string) bool {
	switch strings.ToLower(strings.ReplaceAll(name, "_", "")) {
	case "toolsearch", "searchtools", "loadtools", "findtools", "toolsearchtoolregex", "toolsearchtoolbm25":
		return true
	}
	return false
}

// partsOf returns the names of the tools that come with a tool of a provider: Anthropic's code execution, the searches
// of xAI. A provider's tool may also be named by its type, with a version.
func partsOf(name string) []string {
	base, _, _ := strings.Cut(name, "_preview")
	if i := strings.LastIndex(base, "_20"); i > 0 {
		base = base[:i]
	}
	names := []string{base, base + "_call"}
	switch base {
	case "code_execution":
		names = append(names, "bash_code_execution", "text_editor_code_execution")
	case "code_interpreter":
		names = append(names, "python")
	case "web_search":
		names = append(names, "web_search_with_snippets", "browse_page", "open_page", "find_in_page")
	case "x_search":
		names = append(names, "x_user_search", "x_keyword_search", "x_semantic_search", "x_thread_fetch")
	case "computer", "computer_use":
		names = append(names, "computer", "computer_use", "computer_call")
	case "browser_search": // Groq
		names = append(names, "browser.search", "browser.open", "browser.find")
	}
	return names
}

func (c *compiler) tool(definition *genai.Tool) *tool {
	t := &tool{kind: definition.Kind}
	if definition.Parameters == "" {
		return t
	}
	schema, err := jsonschema.Decode(definition.Parameters)
	if err != nil {
		t.problem = err.Error()
		return t
	}
	c.err = nil
	t.parameters = c.definition(schema)
	if c.err != nil {
		t.problem = strings.Join(strings.Fields(c.err.Error()), " ")
	}
	return t
}

func (s *toolset) size() int { return len(s.tools) }

// complete reports whether a name that the set does not have was made up by the model.
func (s *toolset) complete() bool { return len(s.tools) > 0 && !s.open }

// tool finds a definition by the name that the model used.
func (s *toolset) tool(name string) *tool {
	if t, ok := s.tools[name]; ok {
		return t
	}
	// Harmony and some gateways put a namespace before the name.
	if _, bare, ok := strings.Cut(name, "functions."); ok {
		return s.tools[bare]
	}
	for space := range s.namespaces {
		if bare, ok := strings.CutPrefix(name, space); ok {
			return s.tools[strings.TrimLeft(bare, "._/:-")]
		}
	}
	return nil
}
