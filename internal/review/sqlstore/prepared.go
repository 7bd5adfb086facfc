package sqlstore

import (
	"context"
	"database/sql"
)

// prepared is a transaction that prepares each statement once: a Put runs the same few for every span.
type prepared struct {
	*sql.Tx
	statements map[string]*sql.Stmt
	passed     map[string]spot // by query of the next case, the last one that was given away
}

func newPrepared(tx *sql.Tx) *prepared {
	return &prepared{Tx: tx, statements: map[string]*sql.Stmt{}, passed: map[string]spot{}}
}

// statement prepares a statement, which the end of the transaction closes.
func (p *prepared) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := p.statements[query]; ok {
		return s, nil
	}
	s, err := p.PrepareContext(ctx, query) //nolint:sqlclosecheck // closed with the transaction
	if err == nil {
		p.statements[query] = s
	}
	return s, err
}

// ExecContext runs a statement without rows.
func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := p.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext runs a statement with rows.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext runs a statement with at most one row.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := p.statement(ctx, query)
	if err != nil {
		return p.Tx.QueryRowContext(ctx, query, args...) // it reports the mistake
	}
	return s.QueryRowContext(ctx, args...)
}
