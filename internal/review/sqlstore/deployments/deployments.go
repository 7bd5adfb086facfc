// Package deployments tells the deployments that ran before a change from those that may contain it.
package deployments

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// Tx is the part of a transaction that is needed.
type Tx interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Bounds of what is looked at: the newest items of a signal and of each of its services, and the services.
const (
	sample      = 1000
	maxServices = 20
)

// deployment is a version of a service with a version of its prompt. A version that was not recorded is "", which is
// one like the others.
type deployment struct {
	Service string `json:"service"`
	Version string `json:"version"`
	Prompt  string `json:"prompt"`
}

// Known are the deployments that were seen.
type Known []deployment

// Before returns the deployments that were there when a change was merged, and until when their failures do not count.
// The time is zero where a change is not known to be merged, or was long ago.
func Before(
	ctx context.Context, tx Tx, signal string, merged, now time.Time,
) (known Known, until time.Time, err error) {
	if merged.After(now) {
		merged = now
	}
	if merged.IsZero() || now.Sub(merged) >= review.DeploysWithin {
		return nil, until, nil
	}
	known, err = seen(ctx, tx, signal, merged)
	return known, merged.Add(review.DeploysWithin), err
}

// seen returns the deployments of the services that a signal failed in, as of a time. Items of other failures count: a
// deployment that did not fail so yet ran nevertheless.
func seen(ctx context.Context, tx Tx, signal string, before time.Time) (known Known, err error) {
	services, err := read(ctx, tx, `SELECT DISTINCT service, '', '' FROM (SELECT service FROM items
		WHERE fingerprint <> '' AND fingerprint IN (SELECT id FROM signals WHERE id = $1 OR target = $1)
		AND received_ns < $2 ORDER BY id DESC LIMIT `+strconv.Itoa(sample)+`) newest ORDER BY service LIMIT `+strconv.Itoa(maxServices), signal, before.UnixNano())
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		of, err := read(ctx, tx, `SELECT DISTINCT service, service_version, prompt_version FROM (SELECT service,
			service_version, prompt_version FROM items WHERE service = $1 AND received_ns < $2 ORDER BY id DESC LIMIT `+strconv.Itoa(sample)+`) newest
			ORDER BY service_version, prompt_version`, s.Service, before.UnixNano())
		if err != nil {
			return nil, err
		}
		known = append(known, of...)
	}
	return known, nil
}

func read(ctx context.Context, tx Tx, query string, args ...any) (known Known, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d deployment
		if err := rows.Scan(&d.Service, &d.Version, &d.Prompt); err != nil {
			return nil, err
		}
		known = append(known, d)
	}
	return known, rows.Err()
}

// Encode writes deployments for a column.
func (k Known) Encode() string {
	if len(k) == 0 {
		return ""
	}
	text, _ := json.Marshal(k) // structs of texts can always be written
	return string(text)
}

// Decode reads what Encode wrote.
func Decode(text string) (k Known, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		return nil, fmt.Errorf("read deployments: %w", err)
	}
	return k, nil
}

// Ran reports whether an item may be of one of the deployments: both the version of its service and that of its prompt
// were seen. Prompts are often deployed by themselves. Where no version of the service was seen at all, a version says
// nothing: items stored by an earlier Faultline have none.
func (k Known) Ran(item *review.Item) bool {
	is := func(same func(d deployment) bool) bool {
		return slices.ContainsFunc(k, func(d deployment) bool { return d.Service == item.Service && same(d) })
	}
	versioned := is(func(d deployment) bool { return d.Version != "" })
	return (!versioned || is(func(d deployment) bool { return d.Version == item.ServiceVersion })) &&
		is(func(d deployment) bool { return d.Prompt == item.PromptVersion })
}
