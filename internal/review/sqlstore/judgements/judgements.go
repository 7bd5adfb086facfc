// Package judgements reads what people said beside what scorers and judges said.
package judgements

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/content"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/labels"
)

// noOpinions is the text of a span of which scorers said nothing. Spans of earlier versions have an empty text.
const noOpinions = "-"

// EncodeOpinions writes what scorers said of a bounded span: a line each of value, mark and name. JSON would take
// longer to read than all the rest.
func EncodeOpinions(s *review.Span) string {
	if len(s.Scores) == 0 {
		return noOpinions
	}
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(s.Scores)) {
		mark := " - "
		switch {
		case slices.Contains(s.Failing, name):
			mark = " f "
		case slices.Contains(s.Suspects, name):
			mark = " s "
		}
		b = strconv.AppendFloat(b, s.Scores[name], 'g', -1, 64)
		b = append(b, mark...)
		b = append(append(b, strings.ReplaceAll(name, "\n", " ")...), '\n')
	}
	return string(b)
}

// DecodeOpinions is the inverse of encodeOpinions.
func DecodeOpinions(text []byte) (opinions []review.Opinion, err error) {
	for line := range strings.Lines(string(text)) {
		value, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		mark, name, ok := strings.Cut(rest, " ")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || !ok {
			return nil, fmt.Errorf("read what scorers said: %.64q", line)
		}
		opinions = append(opinions, review.Opinion{
			By: review.ByScorer, Name: name, Value: genai.Some(v), Failed: mark == "f", Suspected: mark == "s",
		})
	}
	return opinions, nil
}

// earlierOpinions reads what scorers said from the data of a span of an earlier version, which does not say whose score
// was a verdict. Below the usual level it was one, if the span has a verdict at all.
func earlierOpinions(data []byte) ([]review.Opinion, error) {
	var s struct {
		Class        failure.Class      `json:"error_class"`
		EarlierClass failure.Class      `json:"class"`
		Scores       map[string]float64 `json:"scores"`
		Failing      []string           `json:"failing_scorers"`
		Suspects     []string           `json:"suspects"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read span: %w", err)
	}
	failed := cmp.Or(s.Class, s.EarlierClass) != ""
	var opinions []review.Opinion
	for _, name := range slices.Sorted(maps.Keys(s.Scores)) {
		o := review.Opinion{
			By: review.ByScorer, Name: name, Value: genai.Some(s.Scores[name]), Suspected: slices.Contains(s.Suspects, name),
		}
		o.Failed = slices.Contains(s.Failing, name) || failed && !o.Suspected && o.Value.Value < 0.5
		opinions = append(opinions, o)
	}
	return opinions, nil
}

// Reader reads what people said beside what scorers and judges said.
type Reader struct{ db *database.DB }

// New returns a reader of a database.
func New(db *database.DB) *Reader { return &Reader{db} }

// Judgements implements review.Judgements.
func (s *Reader) Judgements(ctx context.Context, f review.JudgementFilter) (page review.JudgementPage, err error) {
	limit := min(f.Limit, filter.MaxLimit)
	if limit <= 0 {
		limit = filter.MaxLimit
	}
	received, id, err := parsePlace(f.Cursor)
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		w := &filter.Where{Conditions: []string{"i.label_id IS NOT NULL"}}
		w.And("i.received_ns >= ", column.Nanos(f.Since))
		w.Revealed(s.db.Queues(), true)
		w.Conditions = append(w.Conditions, "(i.received_ns, i.id) > ("+w.Arg(received)+", "+w.Arg(id)+")")
		if f.Service != "" {
			w.And("i.service = ", f.Service)
		}
		if f.Queue != "" {
			w.And("i.queue = ", f.Queue)
		}
		found, err := judgedItems(ctx, tx, w, limit+1)
		if err != nil {
			return err
		}
		if len(found) > limit {
			found = found[:limit]
			last := &found[limit-1]
			page.Next = strconv.FormatInt(column.Nanos(last.Received), 36) + "." + strconv.FormatInt(last.id, 36)
		}
		page.Judgements, err = complete(ctx, tx, found)
		return err
	})
	if err != nil {
		return review.JudgementPage{}, fmt.Errorf("list judgements: %w", err)
	}
	return page, nil
}

// parsePlace reads the place of a judgement in the order of arrival.
func parsePlace(cursor string) (received, id int64, err error) {
	if cursor == "" {
		return -1, 0, nil
	}
	first, second, _ := strings.Cut(cursor, ".")
	received, err = strconv.ParseInt(first, 36, 64)
	if err == nil {
		id, err = strconv.ParseInt(second, 36, 64)
	}
	if err != nil || received < 0 || id < 0 {
		return 0, 0, fmt.Errorf("cursor must be the next of a page, got %.64q: %w", cursor, review.ErrInvalid)
	}
	return received, id, nil
}

// judgedItem is a judgement with the id of its item.
type judgedItem struct {
	review.Judgement
	id int64
}

func judgedItems(ctx context.Context, tx *sql.Tx, w *filter.Where, limit int) (found []judgedItem, err error) {
	//nolint:gosec // the conditions are constants of this package, values are arguments
	rows, err := tx.QueryContext(ctx, `SELECT i.id, i.trace_id, i.service, i.class, i.detail, i.received_ns, i.sources FROM items i`+
		w.String()+` ORDER BY i.received_ns, i.id LIMIT `+strconv.Itoa(limit), w.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var j judgedItem
		var received int64
		var sources int
		if err := rows.Scan(&j.id, &j.TraceID, &j.Service, &j.Class, &j.Detail, &received, &sources); err != nil {
			return nil, err
		}
		stratum, _ := review.Stratum(column.ReasonsIn(sources))
		j.Received, j.Source, j.Probability = column.Instant(received), stratum.Source, stratum.Probability
		found = append(found, j)
	}
	return found, rows.Err()
}

// complete adds opinions and labels.
func complete(ctx context.Context, tx *sql.Tx, found []judgedItem) ([]review.Judgement, error) {
	judgements := make([]review.Judgement, len(found))
	if len(found) == 0 {
		return judgements, nil
	}
	index := make(map[int64]*review.Judgement, len(found))
	ids := make([]string, len(found))
	for i := range found {
		judgements[i] = found[i].Judgement
		index[found[i].id] = &judgements[i]
		ids[i] = strconv.FormatInt(found[i].id, 10)
	}
	among := ` IN (` + strings.Join(ids, ", ") + `)`
	for _, read := range []struct {
		query string
		scan  func(*sql.Rows) error
	}{
		{
			`SELECT item_id, opinions FROM spans WHERE opinions NOT IN ('', '-') AND item_id` + among,
			readOpinions(index, DecodeOpinions),
		},
		{`SELECT item_id, data FROM spans WHERE opinions = '' AND item_id` + among, readOpinions(index, earlierOpinions)},
		{
			`SELECT item_id, data FROM evaluations WHERE evaluator = '` + review.ByJudge + `' AND item_id` + among,
			readOpinions(index, judgeOpinion),
		},
		{`SELECT item_id, source, probability FROM reasons WHERE item_id` + among, readProbabilities(index)},
		{
			`SELECT l.item_id, ` + labels.Columns + ` FROM labels l WHERE l.item_id` + among + ` ORDER BY l.id`,
			readLabels(index),
		},
	} {
		if err := database.EachRow(ctx, tx, read.query, read.scan); err != nil {
			return nil, err
		}
	}
	return judgements, nil
}

func readOpinions(
	index map[int64]*review.Judgement, decode func([]byte) ([]review.Opinion, error),
) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var item int64
		var text []byte
		if err := rows.Scan(&item, &text); err != nil {
			return err
		}
		opinions, err := decode(text)
		if err != nil {
			return err
		}
		j := index[item]
		for _, o := range opinions {
			at := slices.IndexFunc(j.Opinions, func(p review.Opinion) bool { return p.By == o.By && p.Name == o.Name })
			switch {
			case at >= 0:
				j.Opinions[at] = j.Opinions[at].Worse(o)
			case len(j.Opinions) < content.MaxScores:
				j.Opinions = append(j.Opinions, o)
			}
		}
		return nil
	}
}

func readLabels(index map[int64]*review.Judgement) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var item int64
		var l labels.Row
		if err := rows.Scan(append([]any{&item}, l.Columns()...)...); err != nil {
			return err
		}
		j := index[item]
		label, err := l.Label(j.TraceID)
		if err != nil {
			return err
		}
		label.Note = ""
		j.Labels = append(j.Labels, label)
		return nil
	}
}

// readProbabilities completes the strata, whose probability is that of their reason.
func readProbabilities(index map[int64]*review.Judgement) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var item int64
		var r review.Reason
		if err := rows.Scan(&item, &r.Source, &r.Probability); err != nil {
			return err
		}
		if j := index[item]; j.Source == r.Source {
			j.Probability = r.Probability
		}
		return nil
	}
}

// judgeOpinion reads what a judge said from its evaluation.
func judgeOpinion(data []byte) ([]review.Opinion, error) {
	var e review.Evaluation
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("read evaluation: %w", err)
	}
	return []review.Opinion{{
		By: review.ByJudge, Name: e.Name, Version: e.Version, Value: e.Value, Failed: e.Failed,
	}}, nil
}

// Bounds of an activity.
const (
	maxDays       = 366
	maxNamed      = 200 // reviewers
	nanosOfOneDay = int64(24 * time.Hour)
)

// Activity implements review.Judgements.
func (s *Reader) Activity(ctx context.Context, f review.ActivityFilter) (a review.Activity, err error) {
	now := s.db.Now()
	today := column.Nanos(now) / nanosOfOneDay
	first := max(column.Nanos(f.Since)/nanosOfOneDay, today-maxDays+1)
	for day := first; day <= today; day++ {
		a.Days = append(a.Days, review.Day{Date: column.Instant(day * nanosOfOneDay)})
	}
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		count := func(query string, add func(*review.Day, int)) error {
			return database.EachRow(ctx, tx, query, func(rows *sql.Rows) error {
				var day int64
				var n int
				if err := rows.Scan(&day, &n); err != nil {
					return err
				}
				if at := day - first; at >= 0 && at < int64(len(a.Days)) {
					add(&a.Days[at], n)
				}
				return nil
			}, scoped(f.Queue, first*nanosOfOneDay)...)
		}
		of := inQueue(f.Queue, "queue", 2)
		received := func(d *review.Day, n int) { d.Received += n }
		for _, state := range []review.State{review.Open, review.Reviewed} {
			err := count(`SELECT received_ns / 86400000000000, COUNT(*) FROM items WHERE state = '`+string(state)+`'
				AND received_ns >= $1`+of+` GROUP BY 1`, received)
			if err != nil {
				return err
			}
		}
		labels := ``
		if of != "" {
			labels = ` AND item_id IN (SELECT id FROM items WHERE queue = $2)`
		}
		err := count(`SELECT created_ns / 86400000000000, COUNT(*) FROM labels WHERE created_ns >= $1`+labels+` GROUP BY 1`,
			func(d *review.Day, n int) { d.Judged += n })
		if err != nil {
			return err
		}
		if a.Waiting, a.Oldest, err = waiting(ctx, tx, now, f.Queue); err != nil {
			return err
		}
		if a.Reviewers, err = reviewers(ctx, tx, first*nanosOfOneDay, f.Queue, s.db.Queues()); err != nil {
			return err
		}
		a.Strata, err = sizes(ctx, tx, column.Nanos(f.Since), f.Queue)
		return err
	})
	if err != nil {
		return review.Activity{}, fmt.Errorf("count activity: %w", err)
	}
	return a, nil
}

// inQueue restricts a statement to a queue, whose name is the argument of a number.
func inQueue(queue, name string, n int) string {
	if queue == "" {
		return ""
	}
	return ` AND ` + name + ` = $` + strconv.Itoa(n)
}

// scoped are the arguments of a statement that inQueue restricts.
func scoped(queue string, args ...any) []any {
	if queue != "" {
		args = append(args, queue)
	}
	return args
}

// waiting counts the open items by age, and finds the oldest.
func waiting(
	ctx context.Context, tx *sql.Tx, now time.Time, queue string,
) (counts []int, oldest time.Time, err error) {
	until := column.Nanos(now) + nanosOfOneDay*maxDays // clocks differ
	for _, age := range append(review.Ages(), -1) {
		from := int64(0)
		if age >= 0 {
			from = column.Nanos(now.Add(-age))
		}
		var n int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM items WHERE state = 'open' AND received_ns >= $1
			AND received_ns < $2`+inQueue(queue, "queue", 3), scoped(queue, from, until)...).Scan(&n)
		if err != nil {
			return nil, oldest, err
		}
		counts, until = append(counts, n), from
	}
	var received sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT MIN(received_ns) FROM items WHERE state = 'open'`+inQueue(queue, "queue", 1),
		scoped(queue)...).Scan(&received)
	return counts, column.Instant(received.Int64), err
}

// reviewers counts what people said. What others are to judge blind is left out: of few labels the number tells all.
func reviewers(
	ctx context.Context, tx *sql.Tx, since int64, queue string, queues []review.Queue,
) (list []review.Reviewer, err error) {
	w := &filter.Where{}
	w.And("created_ns >= ", since)
	if queue != "" {
		w.And("item_id IN (SELECT id FROM items WHERE queue = ", queue)
		w.Conditions[len(w.Conditions)-1] += ")"
	}
	for _, name := range filter.BlindQueues(queues) {
		w.And("NOT EXISTS (SELECT 1 FROM items i WHERE i.id = labels.item_id AND i.state = 'open' AND i.queue = ", name)
		w.Conditions[len(w.Conditions)-1] += ")"
	}
	err = database.EachRow(ctx, tx, `SELECT reviewer, SUM(CASE WHEN decision = 'confirmed' THEN 1 ELSE 0 END),
		SUM(CASE WHEN decision = 'rejected' THEN 1 ELSE 0 END), MAX(created_ns) FROM labels`+w.String()+`
		GROUP BY reviewer ORDER BY COUNT(*) DESC, reviewer LIMIT `+strconv.Itoa(maxNamed), func(rows *sql.Rows) error {
		var r review.Reviewer
		var last int64
		if err := rows.Scan(&r.Name, &r.Confirmed, &r.Rejected, &last); err != nil {
			return err
		}
		r.Last = column.Instant(last)
		list = append(list, r)
		return nil
	}, w.Args...)
	return list, err
}

// selectSizes counts items by service, stratum and what judges said. The stratum is that of review.Stratum.
const selectSizes = `SELECT service, stratum, judge, COUNT(*), SUM(1 / probability) FROM (
	SELECT s.service, s.stratum, CASE (SELECT MAX(e.failed) FROM evaluations e
			WHERE e.item_id = s.id AND e.evaluator = 'judge') WHEN 1 THEN 'failed' WHEN 0 THEN 'passed' ELSE '' END AS judge,
		COALESCE((SELECT r.probability FROM reasons r
			WHERE r.item_id = s.id AND r.source = s.stratum AND r.probability > 0), 1) AS probability
	FROM (SELECT i.id, i.service, CASE WHEN (i.sources & 1) <> 0 THEN 'verdict' WHEN (i.sources & 8) <> 0 THEN 'suspicion'
		WHEN (i.sources & 16) <> 0 THEN 'random' ELSE '' END AS stratum FROM items i
		WHERE i.state = $1 AND i.received_ns >= $2%s) s WHERE s.stratum <> '') t GROUP BY 1, 2, 3`

// sizes counts the strata.
func sizes(ctx context.Context, tx *sql.Tx, since int64, queue string) (list []review.Size, err error) {
	query := fmt.Sprintf(selectSizes, inQueue(queue, "i.queue", 3))
	for _, state := range []review.State{review.Open, review.Reviewed} {
		err := database.EachRow(ctx, tx, query, func(rows *sql.Rows) error {
			var z review.Size
			if err := rows.Scan(&z.Service, &z.Source, &z.Judge, &z.Items, &z.Traffic); err != nil {
				return err
			}
			at := slices.IndexFunc(list, func(other review.Size) bool {
				return other.Service == z.Service && other.Source == z.Source && other.Judge == z.Judge
			})
			if at < 0 {
				list = append(list, z)
			} else {
				list[at].Items, list[at].Traffic = list[at].Items+z.Items, list[at].Traffic+z.Traffic
			}
			return nil
		}, scoped(queue, string(state), since)...)
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b review.Size) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Judge, b.Judge))
	})
	return list, nil
}
