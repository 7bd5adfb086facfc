package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/guards"
)

// GuardSignal implements review.Signals.
func (s *Store) GuardSignal(ctx context.Context, id string, g review.Guard) error {
	g.Name, g.Version, g.By, g.Added = column.Short(g.Name), column.Short(g.Version), column.Short(g.By), s.db.Now()
	if err := g.Validate(); err != nil {
		return err
	}
	err := s.db.Together(ctx, func(ctx context.Context, tx *database.Prepared) error {
		id, err := targetOf(ctx, tx, id)
		if err != nil {
			return err
		}
		return guards.Put(ctx, tx, id, &g)
	})
	if err != nil {
		return fmt.Errorf("guard signal %.64q: %w", id, err)
	}
	return nil
}

// Guards implements review.Signals.
func (s *Store) Guards(ctx context.Context) (list []review.SignalGuard, err error) {
	err = s.db.Read(ctx, func(tx *sql.Tx) error {
		list, err = guards.All(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list guards: %w", err)
	}
	return list, nil
}
