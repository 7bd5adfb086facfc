package sqlstore

import (
	"context"
	"database/sql"
	"strconv"

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

// knownValues lists the values of the attributes. Each is found by a step through its index, however many items there
// are.
func knownValues(ctx context.Context, tx *sql.Tx) (known review.Known, err error) {
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
		next := `SELECT MIN(` + v.column + `) FROM ` + v.table + ` WHERE ` + v.column + ` > `
		rows, err := tx.QueryContext(ctx, `WITH RECURSIVE found (value) AS (`+next+`'' UNION ALL
			SELECT (`+next+`found.value) FROM found WHERE found.value IS NOT NULL)
			SELECT value FROM found WHERE value IS NOT NULL LIMIT `+strconv.Itoa(maxValues))
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
