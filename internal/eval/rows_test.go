package eval

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/session"
)

// rowsDir holds the labelled rows that are part of the repository. Its README explains them.
const rowsDir = "../../testdata/eval"

// sessionScorer is the scorer of rows that hold the calls of a session.
const sessionScorer = "session"

// row is one labelled call, or the calls of one session.
type row struct {
	ID     string `json:"id"`
	Scorer string `json:"scorer"`
	Label  int    `json:"label"`
	Want   struct {
		Class  failure.Class `json:"error_class"`
		Detail string        `json:"error_detail"`
	} `json:"want"`
	Why   string        `json:"why"`
	Call  *genai.Call   `json:"call"`
	Calls []*genai.Call `json:"calls"`
}

// splitMark stands within each credential of the rows, so that secret scanners of code hosts leave the files alone.
const splitMark = "{{+}}"

// readRows reads a file of rows. It refuses rows that break the format.
func readRows(t *testing.T, name string) (rows []row) {
	t.Helper()
	f, err := os.Open(filepath.Join(rowsDir, name+".jsonl"))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r row
		d := json.NewDecoder(strings.NewReader(strings.ReplaceAll(lines.Text(), splitMark, "")))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&r), "%s, row %d", name, len(rows)+1)
		r.validate(t)
		rows = append(rows, r)
	}
	require.NoError(t, lines.Err())
	return rows
}

func (r *row) validate(t *testing.T) {
	t.Helper()
	require.NotEmpty(t, r.ID)
	require.NotEmpty(t, r.Why, r.ID)
	require.Equal(t, r.Scorer == sessionScorer, r.Call == nil, r.ID)
	require.Equal(t, r.Scorer == sessionScorer, len(r.Calls) > 0, r.ID)
	_, kind, _ := strings.Cut(r.ID, "-")
	if r.Label == 1 {
		require.True(t, strings.HasPrefix(kind, "p"), "%s: the id of a failure has a p", r.ID)
		require.True(t, failure.ValidDetail(r.Want.Class, r.Want.Detail), "%s wants %s/%s", r.ID, r.Want.Class, r.Want.Detail)
		return
	}
	require.Zero(t, r.Label, r.ID)
	require.True(t, r.hard(), "%s: the id of a row without a failure has an h", r.ID)
	require.Empty(t, r.Want.Class, r.ID)
}

// hard reports whether the row is ordinary traffic that resembles the failure.
func (r *row) hard() bool {
	_, kind, _ := strings.Cut(r.ID, "-")
	return strings.HasPrefix(kind, "h")
}

// rowScorer finds failures in rows as the product does by default, with the rules of the rows' own scorer file added.
type rowScorer struct {
	set    *score.Set
	result score.Result
}

func newRowScorer(t *testing.T) *rowScorer {
	t.Helper()
	config, err := scorers.Load(filepath.Join(rowsDir, "rules.yaml"))
	require.NoError(t, err)
	config.Scorers = scorers.Default().Scorers
	set, err := scorers.New(config)
	require.NoError(t, err)
	return &rowScorer{set: set}
}

// find returns what the row's own scorer finds. Other scorers may find something too: the label does not speak of it.
func (s *rowScorer) find(t *testing.T, r *row) (found []failure.Finding) {
	t.Helper()
	if r.Scorer == sessionScorer {
		return s.follow(t, r)
	}
	s.result.Reset()
	s.set.Score(r.Call, &s.result)
	for _, p := range s.result.Problems {
		require.NotEqual(t, "panic", p.Reason, "%s: %s", r.ID, p.Detail)
	}
	for _, f := range s.result.Findings {
		if f.Scorer == r.Scorer || f.Scorer == "" && r.Scorer == "outcome" {
			found = append(found, f)
		}
	}
	return found
}

// follow gives the calls of a session to a tracker, a second apart.
func (s *rowScorer) follow(t *testing.T, r *row) (found []failure.Finding) {
	t.Helper()
	began := time.Unix(1_790_000_000, 0)
	tracker, err := session.New(session.DefaultSettings(), func() time.Time { return began })
	require.NoError(t, err)
	for i, call := range r.Calls {
		s.result.Reset()
		s.set.Score(call, &s.result)
		seen := session.NewSpan(call)
		seen.Trace, seen.ID = [16]byte{1}, [8]byte{byte(i >> 8), byte(i), 1}
		seen.Start = began.Add(time.Duration(i) * time.Second).UnixNano()
		seen.Digest, seen.CostUSD = session.NewDigest(call, nil), call.CostUSD.Value
		seen.Failed = s.result.ToolOutcome == score.OutcomeFailed
		seen.Empty = s.result.ToolOutcome == score.OutcomeEmpty
		found = append(found, tracker.Observe(&seen).Findings...)
	}
	return found
}

// right reports whether the findings are what the label says. A failure counts as found only under its class and
// detail.
func (r *row) right(found []failure.Finding) bool {
	if r.Label == 0 {
		return len(found) == 0
	}
	for _, f := range found {
		if f.Class == r.Want.Class && f.Detail == r.Want.Detail {
			return true
		}
	}
	return false
}
