package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/review"
)

// fingerprint is the id of a signal. Other names of failures are of no signal.
var fingerprint = regexp.MustCompile(`^[0-9a-f]{16}$`)

// guardRows records with each signal which rows of a dataset came of it. What fails is a warning: the dataset is there.
func guardRows(c *cobra.Command, q queue, file string, rows []dataset.Row) {
	bySignal := map[string][]string{}
	for i := range rows {
		if id := rows[i].Fingerprint; fingerprint.MatchString(id) && rows[i].Decision == review.Confirmed {
			bySignal[id] = append(bySignal[id], rows[i].ID)
		}
	}
	guards := map[string]review.Guard{}
	for id, ids := range bySignal {
		guards[id] = review.Guard{
			Kind: review.GuardRows, Name: filepath.ToSlash(file), Version: dataset.Hash(rows),
			Rows: ids[:min(len(ids), review.MaxGuardRows)],
		}
	}
	guard(c, q, guards)
}

// guard records guards by signal. Signals that the store forgot have none.
func guard(c *cobra.Command, q queue, guards map[string]review.Guard) {
	recorded := 0
	for _, id := range slices.Sorted(maps.Keys(guards)) {
		err := q.GuardSignal(c.Context(), id, guards[id])
		switch {
		case errors.Is(err, review.ErrNotFound):
		case err != nil:
			fmt.Fprintf(c.ErrOrStderr(), "not recorded with the signals: %v\n", err)
			return
		default:
			recorded++
		}
	}
	if recorded > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "recorded with %s\n", count(recorded, "signal"))
	}
}

// GuardSignal implements queue.
func (q *remoteQueue) GuardSignal(ctx context.Context, id string, g review.Guard) error {
	return q.post(ctx, "/api/v1/signals/"+id+"/guards", g)
}
