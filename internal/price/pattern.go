package price

import (
	"fmt"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/glob"
)

// maxName bounds the names of models and providers, in bytes. No model has a longer name.
const maxName = glob.MaxLength

// CheckPattern checks the pattern of a model's name. A book joins the patterns of a row with |.
func CheckPattern(pattern string) error {
	if strings.Contains(pattern, "|") {
		return fmt.Errorf("must not contain |, got %q", pattern)
	}
	return glob.Check(pattern)
}

// folded returns patterns as they are compared: folded, sorted, without duplicates.
func folded(models []string) []string {
	list := make([]string, len(models))
	for i, m := range models {
		list[i] = glob.Fold(m)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// commonModel returns a name that a pattern of each list matches.
func commonModel(a, b []string) (string, bool) {
	for _, x := range a {
		for _, y := range b {
			if name, ok := glob.Common(x, y); ok {
				return name, true
			}
		}
	}
	return "", false
}
