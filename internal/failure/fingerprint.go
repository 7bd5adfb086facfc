package failure

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// recipe is the version of how a fingerprint is made. A change makes new fingerprints of everything.
const recipe = "1"

// Fingerprint groups findings that are the same failure: the first 16 hex digits of a hash over class, scorer, tool, where
// and what. Model, prompt version, user, session and trace do not enter: a mended prompt must not make a new failure.
func Fingerprint(f Finding) string {
	tool := ""
	switch f.Class {
	case ToolCallMalformed, ToolError, RetryLoop:
		tool = f.Tool
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{recipe, string(f.Class), f.Scorer, tool, f.Where, Template(f.What)}, "\n")))
	return hex.EncodeToString(sum[:8])
}
