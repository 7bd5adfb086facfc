package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
)

// Bounds of a reply.
const (
	maxClaims      = 40
	maxExplanation = 600 // bytes that are kept
	// MaxReply bounds the body of an answer to a judge's request, in bytes.
	MaxReply = 256 << 10
	maxTries = 32 // braces at which an object may begin
)

// replySchema is the JSON Schema of a reply, of keywords that every provider of structured output knows.
func (r *Rubric) replySchema() map[string]any {
	object := func(properties map[string]any, required ...string) map[string]any {
		return map[string]any{
			"type": "object", "properties": properties, "required": required, "additionalProperties": false,
		}
	}
	text, code := map[string]any{"type": "string"}, map[string]any{"type": "string", "enum": r.codes()}
	if r.Claims {
		return object(map[string]any{
			"claims": map[string]any{
				"type":  "array",
				"items": object(map[string]any{"claim": text, "reason": code}, "claim", "reason"),
			},
			"explanation": text,
		}, "claims", "explanation")
	}
	return object(map[string]any{"explanation": text, "reason": code, "score": map[string]any{"type": "number"}},
		"explanation", "reason", "score")
}

// reply is what a judge says.
type reply struct {
	Explanation string   `json:"explanation"`
	Reason      string   `json:"reason"`
	Score       *float64 `json:"score"`
	Claims      []claim  `json:"claims"`
}

type claim struct {
	Claim  string `json:"claim"`
	Reason string `json:"reason"`
}

// finding is a reply that follows the rubric.
type finding struct {
	score       float64
	reason      *Reason
	explanation string
}

// Mistakes of replies.
var (
	errNoObject = errors.New("the reply holds no complete JSON object of the asked form")
	errSeveral  = errors.New("the reply holds several JSON objects that differ")
)

// parse reads the text of a reply. Providers without structured output put the object into a code fence, after an
// introduction or before a remark. Two objects with different content are refused: one may be a quotation.
func (r *Rubric) parse(text string) (finding, error) {
	if _, after, ok := strings.Cut(text, "</think>"); ok {
		text = after // what models without a field for it think aloud
	}
	var found *finding
	var mistake error
	for from, try := 0, 0; from < len(text) && try < maxTries; try++ {
		start := strings.IndexByte(text[from:], '{')
		if start < 0 {
			break
		}
		from += start
		decoder := json.NewDecoder(strings.NewReader(text[from:]))
		var raw json.RawMessage
		if decoder.Decode(&raw) != nil {
			from++
			continue
		}
		from += int(decoder.InputOffset())
		var said reply
		if json.Unmarshal(raw, &said) != nil {
			mistake = errNoObject
			continue
		}
		f, err := r.conclude(&said)
		switch {
		case err != nil:
			mistake = err
		case found != nil && (found.reason != f.reason || found.score != f.score):
			return finding{}, errSeveral
		case found == nil:
			found = &f
		}
	}
	if found != nil {
		return *found, nil
	}
	if mistake != nil {
		return finding{}, mistake
	}
	return finding{}, errNoObject
}

// errNothing is a reply that finds nothing to judge.
var errNothing = errors.New("the answer makes no claim")

// conclude checks a reply against the rubric.
func (r *Rubric) conclude(said *reply) (finding, error) {
	f := finding{explanation: clip.Text(strings.TrimSpace(said.Explanation), maxExplanation)}
	if r.Claims {
		return f, r.concludeClaims(said, &f)
	}
	if f.reason = r.reason(said.Reason); f.reason == nil {
		return f, fmt.Errorf("the reason %.64q is not of the list", said.Reason)
	}
	if said.Score == nil || math.IsNaN(*said.Score) || *said.Score < 0 || *said.Score > 1 {
		return f, errors.New("the score is not between 0 and 1")
	}
	f.score = *said.Score
	if (f.score >= r.PassAt) != (f.reason.Class == "") {
		return f, fmt.Errorf("the score %g contradicts the reason %s", f.score, f.reason.Code)
	}
	return f, nil
}

// concludeClaims derives score and reason from the claims. The reason of a failed answer is the failing one that stands
// last in the rubric.
func (r *Rubric) concludeClaims(said *reply, f *finding) error {
	switch n := len(said.Claims); {
	case said.Claims == nil:
		return errNoObject
	case n == 0:
		return errNothing
	case n > maxClaims:
		return fmt.Errorf("the reply lists %d claims, at most %d were asked for", n, maxClaims)
	}
	passed, worst := 0, -1
	for i := range said.Claims {
		at := -1
		for k := range r.Reasons {
			if r.Reasons[k].Code == said.Claims[i].Reason {
				at = k
			}
		}
		switch {
		case at < 0:
			return fmt.Errorf("the reason %.64q of a claim is not of the list", said.Claims[i].Reason)
		case r.Reasons[at].Class == "":
			passed++
		default:
			worst = max(worst, at)
		}
	}
	f.score = float64(passed) / float64(len(said.Claims))
	if f.score < r.PassAt {
		f.reason = &r.Reasons[worst]
		return nil
	}
	for i := range r.Reasons {
		if r.Reasons[i].Class == "" {
			f.reason = &r.Reasons[i]
			break
		}
	}
	return nil
}
