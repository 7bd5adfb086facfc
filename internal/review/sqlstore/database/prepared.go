package database

import (
	"context"
	"database/sql"
)

// Prepared is a transaction that prepares a statement when it runs for the second time: a Put runs the same few for
// every span, and a statement that runs once is not worth another trip to a database elsewhere.
type Prepared struct {
	*sql.Tx
	Asks       []any                // of all who share this transaction
	statements map[string]*sql.Stmt // nil after the first run
}

// Prepare returns a transaction that prepares what runs again.
func Prepare(tx *sql.Tx) *Prepared {
	return &Prepared{Tx: tx, statements: map[string]*sql.Stmt{}}
}

// statement returns the prepared statement, which the end of the transaction closes, or nil the first time.
func (p *Prepared) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	s, ran := p.statements[query]
	if !ran || s != nil {
		p.statements[query] = s
		return s, nil
	}
	s, err := p.PrepareContext(ctx, query) //nolint:sqlclosecheck // closed with the transaction
	if err == nil {
		p.statements[query] = s
	}
	return s, err
}

// ExecContext runs a statement without rows.
func (p *Prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := p.statement(ctx, query)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return p.Tx.ExecContext(ctx, query, args...)
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext runs a statement with rows.
func (p *Prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.statement(ctx, query)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return p.Tx.QueryContext(ctx, query, args...)
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext runs a statement with at most one row.
func (p *Prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := p.statement(ctx, query)
	if err != nil || s == nil {
		return p.Tx.QueryRowContext(ctx, query, args...) // it reports the mistake
	}
	return s.QueryRowContext(ctx, args...)
}
