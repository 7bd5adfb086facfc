package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/vectors"
)

// Fresh implements review.Kin.
func (s *Store) Fresh(
	ctx context.Context, model string, classes []failure.Class, limit int,
) (list []review.Fresh, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		if list, err = vectors.Fresh(ctx, tx, model, bySilence, classes, limit); err != nil {
			return err
		}
		for i := range list {
			if err := describe(ctx, tx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list fresh signals: %w", err)
	}
	return list, nil
}

// describe takes the texts of a signal from the item with the least trace id, of the first ones.
func describe(ctx context.Context, tx *sql.Tx, f *review.Fresh) error {
	var item int64
	var evidence, span string
	err := tx.QueryRowContext(ctx, `SELECT id, evidence, primary_span_id FROM (SELECT id, trace_id, evidence,
		primary_span_id FROM items WHERE fingerprint <> '' AND fingerprint = $1 ORDER BY id LIMIT `+
		strconv.Itoa(maxSample)+`) earliest ORDER BY trace_id LIMIT 1`, f.ID).Scan(&item, &evidence, &span)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	f.Evidence = cmp.Or(evidence, f.Evidence)
	var data []byte
	err = tx.QueryRowContext(ctx, `SELECT data FROM spans WHERE item_id = $1 AND span_id = $2`, item, span).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var primary review.Span
	if err := json.Unmarshal(data, &primary); err != nil {
		return fmt.Errorf("read span: %w", err)
	}
	if primary.Call != nil {
		var said []string
		for _, m := range primary.Call.Output() {
			said = append(said, m.Text)
		}
		f.Answer = strings.Join(said, "\n")
	}
	return nil
}

// Leaders implements review.Kin.
func (s *Store) Leaders(
	ctx context.Context, model string, class failure.Class, limit int,
) (list []review.Leader, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		list, err = vectors.Leaders(ctx, tx, model, class, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list leading signals: %w", err)
	}
	return list, nil
}

// Place implements review.Kin.
func (s *Store) Place(ctx context.Context, model string, placements []review.Placement) error {
	err := s.db.Write(ctx, func(tx *sql.Tx) error {
		all := database.Prepare(tx)
		for i := range placements {
			p := &placements[i]
			if p.Into != "" {
				if err := s.join(ctx, all, p.ID, p.Into); err != nil {
					return err
				}
			}
			if err := vectors.Put(ctx, all, model, p.ID, p.Vector); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("place signals: %w", err)
	}
	return nil
}

// join makes a signal part of another one, unless people changed it meanwhile. Its failures count as if they had come
// to the other one: they end that one's being resolved.
func (s *Store) join(ctx context.Context, tx *database.Prepared, id, into string) error {
	joins, err := vectors.Joins(ctx, tx, bySilence, id)
	if err != nil || !joins {
		return err
	}
	target, err := targetOf(ctx, tx, into)
	if errors.Is(err, review.ErrNotFound) || target == id {
		return nil
	}
	if err != nil {
		return err
	}
	if err := mergeSignals(ctx, tx, id, target); err != nil {
		return err
	}
	items, _, _, err := s.list(ctx, tx.Tx, itemColumns+` WHERE i.fingerprint <> '' AND i.fingerprint = $1
		ORDER BY i.id DESC`, []any{id}, database.MaxKnown)
	if err != nil || len(items) == 0 {
		return err
	}
	return reopen(ctx, tx, items, s.db.Now())
}
