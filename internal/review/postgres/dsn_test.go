package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/review/postgres"
)

// TestErrorsDoNotTellThePassword: the parser of a DSN quotes what it cannot read.
func TestErrorsDoNotTellThePassword(t *testing.T) {
	for dsn, shown := range map[string]string{
		"":                               `""`,
		"hello":                          `"hello"`,
		"postgres://u:s3cret@h:port/db":  `"postgres://***@h:port/db"`,
		"postgres://u:s3c#ret@h/db":      `"postgres://***@h/db"`,
		"postgres://u:s3c%zzret@h:1/db":  `"postgres://***@h:1/db"`,
		"postgres://u:s3cret":            `"postgres://***"`,
		"mysql://u:s3cret@h/db":          `"mysql://***@h/db"`,
		"host=h password=s3c port=x":     `"host=h password=***"`,
		"user=u PASSWORD='s3 cret":       `"user=u password=***"`,
		"postgres://h:x/db?password=s3c": `"postgres://***"`,
	} {
		err := postgres.Check(dsn)
		require.ErrorContains(t, err, "got "+shown)
		require.NotContains(t, err.Error(), "s3c")
		require.NotContains(t, err.Error(), "cret")
	}
	require.NoError(t, postgres.Check("postgres://u:p@h:5432/db?sslmode=verify-full"))
	require.NoError(t, postgres.Check("host=/run/postgresql dbname=faultline"))
}
