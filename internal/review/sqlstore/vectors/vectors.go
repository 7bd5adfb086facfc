// Package vectors keeps what signals mean, as vectors of a model, in a table of the review store.
package vectors

import (
	"context"
	"database/sql"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// Tx is the part of a transaction that is needed.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// touched is true for a signal s that people did something with. $1 stands for a signal that nobody resolved.
const touched = `(s.name <> '' OR s.assignee <> '' OR s.changed_by NOT IN ('', $1)
	OR s.state IN ('resolved', 'regressed', 'ignored') AND s.changed_by <> $1
	OR EXISTS (SELECT 1 FROM signals p WHERE p.target = s.id) OR EXISTS (SELECT 1 FROM guards g WHERE g.signal_id = s.id))`

// Fresh lists signals without a vector of a model, in the order of their ids. silence stands for a person where nobody
// resolved a signal. The texts are of the signal alone.
func Fresh(
	ctx context.Context, tx Tx, model, silence string, classes []failure.Class, limit int,
) (list []review.Fresh, err error) {
	args, places := []any{silence, model}, make([]string, len(classes))
	for i, class := range classes {
		args = append(args, string(class))
		places[i] = "$" + strconv.Itoa(len(args))
	}
	rows, err := tx.QueryContext(ctx, `SELECT s.id, s.class, s.detail, s.title, CASE WHEN `+touched+` THEN 1 ELSE 0 END,
		CASE WHEN s.target <> '' OR v.model IS NOT NULL THEN 1 ELSE 0 END
		FROM signals s LEFT JOIN signal_vectors v ON v.signal_id = s.id
		WHERE (v.model IS NULL OR v.model <> $2) AND s.class IN (`+strings.Join(places, ", ")+`)
		ORDER BY s.id LIMIT `+strconv.Itoa(limit), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f review.Fresh
		var touched, placed int
		if err := rows.Scan(&f.ID, &f.Class, &f.Detail, &f.Evidence, &touched, &placed); err != nil {
			return nil, err
		}
		f.Touched, f.Placed = touched == 1, placed == 1
		list = append(list, f)
	}
	return list, rows.Err()
}

// Leaders lists the signals of a class with a vector of a model, the latest seen first.
func Leaders(
	ctx context.Context, tx Tx, model string, class failure.Class, limit int,
) (list []review.Leader, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT s.id, v.vector FROM signals s JOIN signal_vectors v ON v.signal_id = s.id
		WHERE s.target = '' AND s.class = $1 AND v.model = $2 ORDER BY s.last_ns DESC, s.id LIMIT `+strconv.Itoa(limit),
		string(class), model)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l review.Leader
		var b []byte
		if err := rows.Scan(&l.ID, &b); err != nil {
			return nil, err
		}
		if l.Vector = decode(b); len(l.Vector) > 0 {
			list = append(list, l)
		}
	}
	return list, rows.Err()
}

// Joins reports whether a signal may join another one: it is there, part of none, untouched and without a place.
func Joins(ctx context.Context, tx Tx, silence, id string) (joins bool, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT 1 FROM signals s WHERE s.id = $2 AND s.target = '' AND NOT `+touched+`
		AND NOT EXISTS (SELECT 1 FROM signal_vectors v WHERE v.signal_id = s.id)`, silence, id)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}

// Put keeps the vector of a signal in place of one of another model.
func Put(ctx context.Context, tx Tx, model, id string, vector []float32) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO signal_vectors (signal_id, model, vector) VALUES ($1, $2, $3)
		ON CONFLICT (signal_id) DO UPDATE SET model = excluded.model, vector = excluded.vector`, id, model, encode(vector))
	return err
}

// Settle says that a person gave a signal its place.
func Settle(ctx context.Context, tx Tx, id string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO signal_vectors (signal_id, model, vector) VALUES ($1, '', $2)
		ON CONFLICT (signal_id) DO NOTHING`, id, []byte{})
	return err
}

// Clear empties the vector of a signal whose text may be gone. It keeps its place.
func Clear(ctx context.Context, tx Tx, id string) error {
	_, err := tx.ExecContext(ctx, `UPDATE signal_vectors SET model = '', vector = $1 WHERE signal_id = $2`, []byte{}, id)
	return err
}

// Forget removes the vectors of signals that are gone.
func Forget(ctx context.Context, tx Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM signal_vectors WHERE signal_id NOT IN (SELECT id FROM signals)`)
	return err
}

func encode(vector []float32) []byte {
	b := make([]byte, 0, 4*len(vector))
	for _, x := range vector {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func decode(b []byte) []float32 {
	var vector []float32
	for part := range slices.Chunk(b, 4) {
		if len(part) == 4 {
			vector = append(vector, math.Float32frombits(binary.LittleEndian.Uint32(part)))
		}
	}
	return vector
}
