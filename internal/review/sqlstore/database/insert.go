package database

import (
	"context"
	"iter"
	"math/bits"
	"strconv"
	"strings"
)

// maxStatement bounds the texts of one statement, in bytes.
const maxStatement = 8 << 20

// Insertion is a statement that inserts rows.
type Insertion struct{ Before, After string }

// Insert inserts rows, at most so many with one statement. columns returns the size of a row and its values.
func Insert[R any](
	ctx context.Context, tx *Prepared, into Insertion, atOnce int, rows []R, columns func(*R) (size int, values []any),
) error {
	for query, values := range Statements(into, atOnce, rows, columns) {
		if _, err := tx.ExecContext(ctx, query, values...); err != nil {
			return err
		}
	}
	return nil
}

// Statements are those that insert rows. Each has a power of two of them, so that few texts are prepared.
func Statements[R any](
	into Insertion, atOnce int, rows []R, columns func(*R) (size int, values []any),
) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		var values []any
		var sizes []int // of each row that waits
		wide, size := 0, 0
		flush := func(all bool) bool {
			for len(sizes) > 0 && (all || len(sizes) >= atOnce) {
				n := 1 << (bits.Len(uint(min(len(sizes), atOnce))) - 1)
				if !yield(into.Before+places(n, wide)+into.After, values[:n*wide:n*wide]) {
					return false
				}
				for _, bytes := range sizes[:n] {
					size -= bytes
				}
				values, sizes = values[n*wide:], sizes[n:]
			}
			return true
		}
		for i := range rows {
			bytes, row := columns(&rows[i])
			if size+bytes > maxStatement && !flush(true) {
				return
			}
			values, sizes, wide, size = append(values, row...), append(sizes, bytes), len(row), size+bytes
			if !flush(false) {
				return
			}
		}
		flush(true)
	}
}

// places returns the places of rows of values: ($1, $2), ($3, $4).
func places(rows, columns int) string {
	lists := make([]string, rows)
	for i := range lists {
		lists[i] = PlacesFrom(i*columns+1, columns)
	}
	return strings.Join(lists, ", ")
}

// PlacesFrom returns n places: ($3, $4).
func PlacesFrom(first, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString([]string{"(", ", "}[min(i, 1)])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
	return b.String()
}

// MaxKnown bounds the ids of one query: databases limit the parameters of a statement.
const MaxKnown = 500

// Padded repeats the first value of a list until its length is a power of two: a database keeps few statements.
func Padded(values []any) []any {
	for len(values)&(len(values)-1) != 0 {
		values = append(values, values[0])
	}
	return values
}
