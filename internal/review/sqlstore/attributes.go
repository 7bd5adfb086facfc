package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
)

// maxValues bounds the values of an attribute that are offered.
const maxValues = 50

// attributes adds the conditions on columns that are not counted.
func (w *where) attributes(a review.Attributes) {
	for _, c := range []struct{ column, value string }{
		{"i.model", a.Model}, {"i.prompt_version", a.PromptVersion}, {"i.environment", a.Environment},
	} {
		if c.value != "" {
			w.and(c.column+" = ", short(c.value))
		}
	}
	if a.Reviewer != "" {
		w.and("i.id IN (SELECT item_id FROM labels WHERE reviewer = ", clean(a.Reviewer))
		w.conditions[len(w.conditions)-1] += ")"
	}
	if a.Tag != "" {
		w.and(`i.id IN (SELECT t.item_id FROM tags t JOIN labels l ON l.id = t.label_id AND l.counts = 1
			WHERE t.tag = `, clean(a.Tag))
		w.conditions[len(w.conditions)-1] += ")"
	}
	if a.Score.Name != "" {
		w.and("i.id IN (SELECT item_id FROM scores WHERE name = ", short(a.Score.Name))
		w.conditions[len(w.conditions)-1] += " AND value < " + w.arg(a.Score.Below) + ")"
	}
	// Ids are in the order of arrival, so that a time is a place in the queue and nothing beyond it is read.
	if !a.Since.IsZero() {
		at := nanos(a.Since)
		w.and("i.received_ns >= ", at)
		w.conditions = append(w.conditions, `i.id >= (SELECT id FROM items WHERE received_ns >= `+w.arg(at)+
			` ORDER BY received_ns, id LIMIT 1)`)
	}
	if !a.Until.IsZero() {
		at := nanos(a.Until)
		w.and("i.received_ns < ", at)
		w.conditions = append(w.conditions, `i.id <= (SELECT id FROM items WHERE received_ns < `+w.arg(at)+
			` ORDER BY received_ns DESC, id DESC LIMIT 1)`)
	}
}

// having are the newest items with the attributes, for what counts them.
func (w *where) having(a review.Attributes) (from string) {
	w.attributes(a)
	return ` FROM (SELECT i.state, i.class, i.service, i.unsafe, i.sources, 1 AS n FROM items i` + w.String() +
		` ORDER BY i.id DESC LIMIT ` + strconv.Itoa(review.MaxCounted) + `) i`
}

// knownValues lists the values of the attributes. Each is found by a step through its index, however many items there
// are. Tags that stand on open items of blind queues alone are left out: of few, they tell what another one said.
func knownValues(ctx context.Context, tx *sql.Tx, queues []review.Queue) (known review.Known, err error) {
	blind := &where{}
	shown := ``
	if names := blindQueues(queues); len(names) > 0 {
		places := make([]string, len(names))
		for i, name := range names {
			places[i] = blind.arg(name)
		}
		shown = ` AND NOT EXISTS (SELECT 1 FROM items i WHERE i.id = tags.item_id AND i.state = 'open'
			AND i.queue IN (` + strings.Join(places, ", ") + `))`
	}
	for _, v := range []struct {
		table, column string
		into          *[]string
	}{
		{"items", "model", &known.Models},
		{"items", "prompt_version", &known.PromptVersions},
		{"items", "environment", &known.Environments},
		{"labels", "reviewer", &known.Reviewers},
		{"tags", "tag", &known.Tags},
		{"scores", "name", &known.Scorers},
	} {
		next, which, args := `SELECT MIN(`+v.column+`) FROM `+v.table+` WHERE `+v.column+` > `, ``, []any(nil)
		if v.table == "tags" {
			which, args = shown, blind.args
		}
		rows, err := tx.QueryContext(ctx, `WITH RECURSIVE found (value) AS (`+next+`''`+which+` UNION ALL
			SELECT (`+next+`found.value`+which+`) FROM found WHERE found.value IS NOT NULL)
			SELECT value FROM found WHERE value IS NOT NULL LIMIT `+strconv.Itoa(maxValues), args...)
		if err != nil {
			return known, err
		}
		if *v.into, err = readTexts(rows); err != nil {
			return known, err
		}
	}
	return known, nil
}

func readTexts(rows *sql.Rows) (texts []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
