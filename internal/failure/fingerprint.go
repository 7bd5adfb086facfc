package failure

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// recipe is the version of the fingerprint. A new version changes every fingerprint.
const recipe = "1"

// Fingerprint groups findings of the same failure: the first 16 hex digits of a hash over class, scorer, tool, where
// and what. Model, prompt version, user, session and trace do not enter: a new prompt version must not make a new
// failure.
func Fingerprint(f Finding) string {
	tool := ""
	switch f.Class {
	case ToolCallMalformed, ToolError, RetryLoop:
		tool = f.Tool
	}
	parts := []string{recipe, string(f.Class), f.Scorer, tool, f.Where, Template(f.What)}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:8])
}
