package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/database"
)

// volumes reads how many items each signal had in each of the last hours.
func (s *Store) volumes(ctx context.Context, tx *sql.Tx, signals []review.Signal, hours int64) error {
	first := s.db.Now().Unix()/3600 - hours + 1
	var ids []string
	of := map[string]*review.Signal{}
	for i := range signals {
		signal := &signals[i]
		signal.HourlyCount = make([]int, hours)
		for _, id := range partsOf(signal) {
			ids, of[id] = append(ids, id), signal
		}
	}
	for ids := range slices.Chunk(ids, database.MaxKnown) {
		err := eachHour(ctx, tx, ids, first, func(signal string, hour int64, n int) {
			if hour < first+hours {
				of[signal].HourlyCount[hour-first] += n
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachHour reads the hours of some signals from the first on.
func eachHour(
	ctx context.Context, tx *sql.Tx, signals []string, first int64, take func(signal string, hour int64, n int),
) error {
	ids := make([]any, len(signals))
	for i, id := range signals {
		ids[i] = id
	}
	ids = database.Padded(ids)
	return database.EachRow(ctx, tx, `SELECT signal_id, hour, n FROM signal_hours WHERE hour >= $1 AND signal_id IN `+
		database.PlacesFrom(2, len(ids)), func(rows *sql.Rows) error {
		var signal string
		var hour int64
		var n int
		err := rows.Scan(&signal, &hour, &n)
		if err == nil {
			take(signal, hour, n)
		}
		return err
	}, append([]any{first}, ids...)...)
}
