package sqlstore

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/faultline-otel/faultline/internal/review"
)

// maxValues bounds the values of an attribute that are offered.
const maxValues = 50

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
