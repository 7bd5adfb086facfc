package foreign

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// unquoted finds a value that begins with a variable, and so with the bracket of a mapping.
var unquoted = regexp.MustCompile(`(?m)^(?:[^'"#\n]*[:\[,{-]\s+|[^'"#\n]*[\[{])\{\{[^}\n]*\}\}`)

// decode reads what the loader of promptfoo reads, and says what to quote where that refuses it, too.
func decode(content []byte, into any) error {
	err := yaml.Unmarshal(content, into)
	if err == nil {
		return nil
	}
	if again := yaml.Unmarshal(strictyaml.Questions(content), into); again == nil {
		return nil
	}
	if at := unquoted.FindIndex(content); at != nil {
		line := 1 + strings.Count(string(content[:at[1]]), "\n")
		return fmt.Errorf("line %d: a value that begins with {{ must be quoted, such as \"{{question}}\"", line)
	}
	return err
}
