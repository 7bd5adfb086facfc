package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Check reports whether a DSN can be read. The error does not have its password.
func Check(dsn string) error {
	_, err := parse(dsn)
	return err
}

func parse(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil || dsn == "" { // the parser's error may quote a part of the password
		return nil, fmt.Errorf("dsn must be like postgres://user:password@host:5432/database, with signs of the password "+
			"percent-encoded, or like host=... user=... dbname=..., got %q", redacted(dsn))
	}
	return config, nil
}

// redacted returns a DSN without what may be its password, whatever is wrong with it.
func redacted(dsn string) string {
	const hidden = "***"
	if scheme, rest, isURL := strings.Cut(dsn, "://"); isURL {
		dsn = scheme + "://" + hidden
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			dsn += rest[at:]
		}
	}
	if at := strings.Index(strings.ToLower(dsn), "password"); at >= 0 {
		dsn = dsn[:at] + "password=" + hidden
	}
	return dsn
}
