package jsonschema

import (
	"encoding/json"
	"fmt"
	"testing"

	js "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
)

// suiteCase is a line of the schema corpora.
type suiteCase struct {
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Schema          json.RawMessage `json:"schema"`
	Instance        json.RawMessage `json:"instance"`
	Valid           bool            `json:"valid"`
	Description     string          `json:"description"`
	File            string          `json:"file"`
	NeedsRemote     bool            `json:"needs_remote"`
	NeedsMetaschema bool            `json:"needs_metaschema"`
}

// validate reports whether the instance follows the schema, or why that could not be decided.
func validate(c suiteCase, draft *js.Draft, formats bool) (bool, error) {
	var instead []*js.Format
	if !formats {
		instead = annotations
	}
	schema, err := compile(string(c.Schema), draft, formats, instead)
	if err != nil {
		return false, err
	}
	value, err := Decode(string(c.Instance))
	if err != nil {
		return false, err
	}
	violations, err := schema.Validate(value)
	return len(violations) == 0, err
}

// TestSuite runs the required tests of JSON-Schema-Test-Suite that need no remote document.
func TestSuite(t *testing.T) {
	for name, draft := range map[string]*js.Draft{"draft7": js.Draft7, "draft2019-09": js.Draft2019, "draft2020-12": js.Draft2020} {
		passed, total := 0, 0
		var wrong []string
		corpus.Lines(t, "schema/"+name+"-required.jsonl.gz", func(c suiteCase) {
			if c.NeedsRemote {
				return
			}
			total++
			valid, err := validate(c, draft, false)
			if err == nil && valid == c.Valid {
				passed++
				return
			}
			wrong = append(wrong, fmt.Sprintf("%s: %s: valid %v, %v", c.File, c.Description, valid, err))
		})
		t.Logf(
			"JSON-Schema-Test-Suite %s required: %d of %d (%.2f %%)",
			name,
			passed,
			total,
			100*float64(passed)/float64(total),
		)
		require.Empty(t, wrong)
	}
}

// TestMaskBench validates instances against real schemas.
func TestMaskBench(t *testing.T) {
	right, total, unchecked := 0, 0, 0
	causes := map[string]int{}
	corpus.Lines(t, "schema/maskbench-dev.jsonl.gz", func(c suiteCase) {
		total++
		valid, err := validate(c, js.Draft2020, true)
		if err == nil && valid == c.Valid {
			right++
			return
		}
		if schema, err := Compile(string(c.Schema)); err == nil && len(schema.Unchecked()) > 0 {
			unchecked++
		}
		causes[fmt.Sprintf("%s want valid=%v, got %v %v", c.Source, c.Valid, valid, err)]++
	})
	t.Logf(
		"MaskBench dev: %d of %d (%.2f %%), %d of the misses under a pattern beyond linear time",
		right,
		total,
		100*float64(right)/float64(total),
		unchecked,
	)
	for cause, n := range causes {
		t.Logf("  %d × %s", n, cause)
	}
	require.Empty(t, causes)
	require.Equal(t, total, right)
}

// TestCompileRealSchemas compiles schemas of products: each compiles or says in one line why it does not.
func TestCompileRealSchemas(t *testing.T) {
	compiled, total := 0, 0
	corpus.Lines(t, "schema/jsonschemabench-compile.jsonl.gz", func(c suiteCase) {
		total++
		_, err := Compile(string(c.Schema))
		if err == nil {
			compiled++
			return
		}
		require.NotContains(t, err.Error(), "\n", c.ID)
		require.NotContains(t, err.Error(), "runtime error", c.ID)
		t.Logf("%s: %v", c.ID, err)
	})
	t.Logf("Compile: %d of %d real schemas, the rest with a clear error", compiled, total)
	require.Equal(t, total, compiled, "a schema that stops compiling is a fault, or is named here")
}
