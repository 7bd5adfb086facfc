package sqlstore

import (
	"encoding/json"
	"fmt"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
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
	return column.JSON(c)
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
