package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/review"
)

// newReview makes the commands over what is kept of people.
func newReview() *cobra.Command {
	c := &cobra.Command{
		Use:   "review",
		Short: "Export or erase what the review store keeps of a user, a session or a trace",
		Args:  func(_ *cobra.Command, args []string) error { return unknown("faultline review", args) },
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newReviewExport(), newReviewErase())
	return c
}

// subjectOptions say whose items, and where.
type subjectOptions struct {
	from string
	ids  map[review.SubjectKind]*string
}

func (o *subjectOptions) add(c *cobra.Command) {
	o.ids = map[review.SubjectKind]*string{}
	c.Flags().StringVar(&o.from, "from", "127.0.0.1:8321", fromUsage)
	for _, kind := range review.SubjectKinds() {
		o.ids[kind] = c.Flags().String(string(kind), "", "id of the "+string(kind))
	}
}

// subject returns the one that is named.
func (o *subjectOptions) subject(c *cobra.Command) (subject review.Subject, err error) {
	n := 0
	for _, kind := range review.SubjectKinds() {
		if c.Flags().Changed(string(kind)) {
			n++
			subject = review.Subject{Kind: kind, ID: *o.ids[kind]}
		}
	}
	if n != 1 {
		return subject, usage("give one of --user, --session and --trace")
	}
	if err := subject.Validate(); err != nil {
		return subject, usage("--%w", err)
	}
	return subject, nil
}

func newReviewExport() *cobra.Command {
	var o subjectOptions
	var file string
	c := &cobra.Command{
		Use:   "export (--user ID | --session ID | --trace ID)",
		Short: "Write the cases of a user, a session or a trace, a JSON object a line",
		Example: "  faultline review export --user u-42 -o u-42.jsonl\n" +
			"  faultline review export --session s1 --from http://ada:password@review.example",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			subject, err := o.subject(c)
			if err != nil {
				return err
			}
			to := c.OutOrStdout()
			if file != "" {
				// It holds what a person said.
				f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
				if err != nil {
					return err
				}
				err = o.send(c.Context(), http.MethodGet, "/api/v1/export", subject, f)
				return errors.Join(err, f.Close())
			}
			return o.send(c.Context(), http.MethodGet, "/api/v1/export", subject, to)
		},
	}
	o.add(c)
	c.Flags().StringVarP(&file, "output", "o", "", "file to write (default standard output)")
	return c
}

func newReviewErase() *cobra.Command {
	var o subjectOptions
	var yes bool
	c := &cobra.Command{
		Use:   "erase (--user ID | --session ID | --trace ID) --yes",
		Short: "Remove the cases of a user, a session or a trace with all that refers to them",
		Long: `Remove the cases of a user, a session or a trace with all that refers to them: labels, evaluations and words. It cannot be
undone. The audit log keeps who did it, when, how many cases went, and a hash of the id.`,
		Example: "  faultline review erase --user u-42 --yes",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			subject, err := o.subject(c)
			if err != nil {
				return err
			}
			if !yes {
				return usage("erasing cannot be undone: look with faultline review export, then add --yes")
			}
			read, write := io.Pipe()
			go func() { write.CloseWithError(o.send(c.Context(), http.MethodDelete, "/api/v1/items", subject, write)) }()
			var answer struct {
				Erased int `json:"erased"`
			}
			if err := json.NewDecoder(read).Decode(&answer); err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "erased %s\n", count(answer.Erased, "case"))
			return nil
		},
	}
	o.add(c)
	c.Flags().BoolVar(&yes, "yes", false, "do it")
	return c
}

// send asks the API, and copies its answer. A long export takes as long as it takes.
func (o *subjectOptions) send(ctx context.Context, method, path string, subject review.Subject, to io.Writer) error {
	q, err := newRemoteQueue(o.from)
	if err != nil {
		return err
	}
	defer func() { _ = q.Close() }() // it only reads
	q.client.Timeout = 0
	query := url.Values{string(subject.Kind): {subject.ID}}
	r, err := http.NewRequestWithContext(ctx, method, q.base+path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	r.Header = q.header
	resp, err := q.client.Do(r)
	if err != nil {
		return fmt.Errorf("ask %s: %w; is the Collector running with the llm_review extension?", q.shown, errors.Unwrap(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		return fmt.Errorf("ask %s: %s%s", q.shown, resp.Status, reason(body))
	}
	if _, err := io.Copy(to, resp.Body); err != nil {
		return fmt.Errorf("read %s: the answer ended early: %w", q.shown, err)
	}
	return nil
}
