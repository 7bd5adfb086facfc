package failure

import (
	"crypto/sha256"
	"encoding/hex"
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
	h := sha256.New()
	for _, part := range [...]string{recipe, string(f.Class), f.Scorer, tool, f.Where, Template(f.What)} {
		h.Write([]byte(part))
		h.Write([]byte{'\n'})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
