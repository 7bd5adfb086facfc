package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
)

// connector opens connections that take the SQL text of SQLite: its placeholders may be question marks.
type connector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	under, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return conn{under.(*stdlib.Conn)}, nil
}

type conn struct{ *stdlib.Conn }

// ExecContext implements driver.ExecerContext.
func (c conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	query, err := numbered(query)
	if err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	query, err := numbered(query)
	if err != nil {
		return nil, err
	}
	return c.Conn.QueryContext(ctx, query, args)
}

// PrepareContext implements driver.ConnPrepareContext. The connection keeps the statements that it ran prepared, so
// that nothing is left to do.
func (c conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	query, err := numbered(query)
	return statement{c.Conn, query}, err
}

// CheckNamedValue makes texts fit: Postgres refuses a NUL and what is no UTF-8, even in a comparison.
func (c conn) CheckNamedValue(v *driver.NamedValue) error {
	if text := reflect.ValueOf(v.Value); text.Kind() == reflect.String {
		v.Value = strings.ReplaceAll(strings.ToValidUTF8(text.String(), "\uFFFD"), "\x00", "\uFFFD")
	}
	return c.Conn.CheckNamedValue(v)
}

type statement struct {
	conn  *stdlib.Conn
	query string
}

func (statement) Close() error  { return nil }
func (statement) NumInput() int { return -1 } // the database counts them

func (s statement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.query, args)
}

func (s statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.query, args)
}

var errNoContext = errors.New("a statement needs a context")

func (statement) Exec([]driver.Value) (driver.Result, error) { return nil, errNoContext }
func (statement) Query([]driver.Value) (driver.Rows, error)  { return nil, errNoContext }

// numbered returns a query with $1, $2, … in place of question marks outside of quotes.
func numbered(query string) (string, error) {
	if strings.IndexByte(query, '?') < 0 {
		return query, nil
	}
	var b strings.Builder
	n := 0
	quote := byte(0)
	for i := range len(query) {
		switch c := query[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '$':
			return "", errors.New("a query must have one kind of placeholders: " + query)
		case c == '?':
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteByte(query[i])
	}
	return b.String(), nil
}
