package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/audit"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/erasure"
)

// subjectOf is a user or a session of an item.
type subjectOf struct {
	item int64
	review.Subject
}

var insertSubjects = database.Insertion{Before: `INSERT INTO subjects (item_id, kind, id) VALUES `, After: ` ON CONFLICT DO NOTHING`}

// subjectsOf returns the users and sessions of rows, each once.
func subjectsOf(spans []spanOf) (subjects []subjectOf) {
	seen := map[subjectOf]bool{}
	for i := range spans {
		r := &spans[i]
		for _, of := range [...]review.Subject{
			{Kind: review.UserSubject, ID: r.userID}, {Kind: review.SessionSubject, ID: r.sessionID},
		} {
			if s := (subjectOf{r.item.id, of}); of.ID != "" && !seen[s] {
				seen[s] = true
				subjects = append(subjects, s)
			}
		}
	}
	return subjects
}

func writeSubjects(ctx context.Context, tx *database.Prepared, atOnce int, spans []spanOf) error {
	return database.Insert(ctx, tx, insertSubjects, atOnce, subjectsOf(spans), func(s *subjectOf) (int, []any) {
		return len(s.ID), []any{s.item, string(s.Kind), s.ID}
	})
}

// Find implements review.Erasure.
func (s *Store) Find(ctx context.Context, of review.Subject, cursor string) (ids []string, next string, err error) {
	of.ID = column.Short(of.ID)
	if err = of.Validate(); err == nil {
		err = s.db.Read(ctx, func(tx *sql.Tx) error {
			ids, next, err = erasure.Find(ctx, tx, of, cursor)
			return err
		})
	}
	if err != nil {
		return nil, "", fmt.Errorf("find the items of a %s: %w", of.Kind, err)
	}
	return ids, next, nil
}

// Erase implements review.Erasure.
func (s *Store) Erase(ctx context.Context, of review.Subject, by string) (erased int, err error) {
	record := review.Entry{Who: column.Short(by), Action: review.ActionErase, Subject: of.Hash()}
	of.ID = column.Short(of.ID)
	if err := of.Validate(); err != nil {
		return 0, fmt.Errorf("erase: %w", err)
	}
	for {
		n := 0
		err := s.db.Write(ctx, func(tx *sql.Tx) (err error) {
			all := database.Prepare(tx)
			if n, err = erasure.Remove(ctx, all, of); err == nil {
				err = s.db.Enter(ctx, all, &record, n)
			}
			return err
		})
		if err != nil {
			return erased, fmt.Errorf("erase the items of a %s: %w", of.Kind, err)
		}
		if erased += n; n < erasure.Part {
			return erased, nil
		}
	}
}

// Record implements review.Audit.
func (s *Store) Record(ctx context.Context, e review.Entry) error {
	e.ID, e.Who, e.Subject = 0, column.Short(e.Who), column.Short(e.Subject)
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		return s.db.Enter(ctx, tx, &e, e.N)
	})
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// Entries implements review.Audit.
func (s *Store) Entries(ctx context.Context, f review.EntryFilter) (page review.EntryPage, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		page, err = audit.List(ctx, tx, f)
		return err
	})
	if err != nil {
		return review.EntryPage{}, fmt.Errorf("read the audit log: %w", err)
	}
	return page, nil
}

// ForgetEntries implements review.Audit.
func (s *Store) ForgetEntries(ctx context.Context, before time.Time) error {
	var outdated bool
	err := s.db.Read(ctx, func(tx *sql.Tx) (err error) {
		outdated, err = audit.Outdated(ctx, tx, before)
		return err
	})
	if err == nil && outdated {
		err = s.db.Write(ctx, func(tx *sql.Tx) error { return audit.Forget(ctx, tx, before) })
	}
	if err != nil {
		return fmt.Errorf("forget old records of the audit log: %w", err)
	}
	return nil
}
