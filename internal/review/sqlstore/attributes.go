package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/filter"
)

// maxValues bounds the values of an attribute that are offered.
const maxValues = 50

// knownValues lists the values of the attributes. Each is found by a step through its index, however many items there
// are. Tags that stand on open items of blind queues alone are left out: of few, they tell what another one said.
func knownValues(ctx context.Context, tx *sql.Tx, queues []review.Queue) (known review.Known, err error) {
	blind := &filter.Where{}
	shown := ``
	if names := filter.BlindQueues(queues); len(names) > 0 {
		places := make([]string, len(names))
		for i, name := range names {
			places[i] = blind.Arg(name)
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
			which, args = shown, blind.Args
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
