package sqlstore

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
)

// cause is the JSON of the column cause: the fields of a span that the primary span is found by and no other column
// has. The migration to version 2 builds it in SQL, with the same keys.
type cause struct {
	Error    bool              `json:"error,omitempty"`
	Agent    bool              `json:"agent,omitempty"`
	CallHash string            `json:"call_hash,omitempty"`
	Others   []failure.Finding `json:"other_findings,omitempty"`
	Suspect  bool              `json:"suspect,omitempty"`
}

func (r *row) encodeCause() string {
	c := cause{Error: r.node.Error, Agent: r.node.Agent, CallHash: r.node.Operation, Others: r.span.Others}
	c.Suspect = r.suspect
	if !c.Error && !c.Agent && !c.Suspect && c.CallHash == "" && len(c.Others) == 0 {
		return ""
	}
	return text(c)
}

// decodeCause completes a row whose other columns were read.
func (r *row) decodeCause(column string) error {
	var c cause
	if column != "" {
		if err := json.Unmarshal([]byte(column), &c); err != nil {
			return fmt.Errorf("read cause: %w", err)
		}
	}
	r.span.Error, r.span.CallHash, r.span.Others = c.Error, c.CallHash, c.Others
	r.node, r.suspect = r.span.Node(), c.Suspect
	r.node.Agent = c.Agent
	return nil
}

// encodeClasses writes classes for a column.
func encodeClasses(classes []failure.Class) string {
	if len(classes) == 0 {
		return ""
	}
	return text(classes)
}

// decodeClasses is the inverse of encodeClasses.
func decodeClasses(column string) (classes []failure.Class, err error) {
	if column == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(column), &classes); err != nil {
		return nil, fmt.Errorf("read classes: %w", err)
	}
	return classes, nil
}

// text returns the JSON of a value that cannot fail to encode.
func text(v any) string {
	var b strings.Builder
	_ = json.NewEncoder(&b).Encode(v)
	return strings.TrimSuffix(b.String(), "\n")
}
