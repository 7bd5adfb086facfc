package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/otlpfile"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	endpoint string
	rate     float64 // spans per second; 0 is as fast as the Collector accepts them
	now      bool
	newIDs   bool
	timeout  time.Duration
}

func newReplay() *cobra.Command {
	var o replayOptions
	c := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Send trace files to a Collector",
		Long: `Send trace files, and the log files that belong to them, to a Collector over OTLP/gRPC without TLS. Log
records are sent first, so that their content is there when the spans arrive.`,
		Example: "  faultline replay --now --new-ids testdata/sample.jsonl.gz\n" +
			"  faultline replay --endpoint collector:4317 --rate 200 traces.jsonl",
		Args: atLeastOneFile,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case o.rate < 0:
				return usage("--rate must not be negative, got %v", o.rate)
			case o.timeout <= 0:
				return usage("--timeout must be positive, got %s", o.timeout)
			}
			in, err := openInput(c, args)
			if err != nil {
				return err
			}
			defer in.close()
			if err := replay(c.Context(), in, o, c.ErrOrStderr()); err != nil {
				return err
			}
			return in.verdict()
		},
	}
	c.Flags().StringVar(&o.endpoint, "endpoint", "127.0.0.1:4317", "host:port of the Collector's OTLP/gRPC receiver")
	c.Flags().Float64Var(&o.rate, "rate", 0, "spans per second; 0 is as fast as the Collector accepts them")
	c.Flags().BoolVar(&o.now, "now", false, "shift all times so that the newest span ends now")
	c.Flags().BoolVar(&o.newIDs, "new-ids", false, "give traces and spans new IDs, so that the same file can be sent "+
		"again")
	c.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to retry one request")
	return c
}

func replay(ctx context.Context, in *input, o replayOptions, stderr io.Writer) error {
	readings := int64(2)
	if o.now {
		readings++
	}
	in.watch("replay", readings)
	var change changes
	if o.newIDs {
		change.salt = make([]byte, 16)
		_, _ = rand.Read(change.salt) // cannot fail
	}
	if o.now {
		newest, err := newest(in)
		if err != nil {
			return err
		}
		if newest > 0 {
			change.shift = time.Since(newest.AsTime())
		}
	}
	client, err := dial(o.endpoint, o.timeout)
	if err != nil {
		return err
	}
	defer client.close()

	pace := pacer{rate: o.rate, start: time.Now()}
	err = in.read(otlpfile.Sink{Logs: func(ld plog.Logs) error {
		change.logs(ld)
		return client.logs(ctx, ld)
	}})
	if err != nil {
		return err
	}
	err = in.read(otlpfile.Sink{Traces: func(td ptrace.Traces) error {
		change.traces(td)
		for _, part := range split(td) {
			if err := pace.wait(ctx, part.SpanCount()); err != nil {
				return err
			}
			if err := client.traces(ctx, part); err != nil {
				return err
			}
		}
		return nil
	}})
	if err != nil {
		return err
	}
	in.progress.done()
	w := tabwriter.NewWriter(stderr, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "sent\t%s\t%s to %s in %s\n", count(client.spans, "span"), count(client.requests, "request"),
		o.endpoint, time.Since(pace.start).Round(time.Millisecond))
	if client.records > 0 {
		fmt.Fprintf(w, "sent\t%s\t\n", count(client.records, "log record"))
	}
	if client.unwanted > 0 {
		fmt.Fprintf(w, "not sent\t%s\tthe Collector has no pipeline for logs\n", count(client.unwanted, "log record"))
	}
	if client.rejected > 0 {
		fmt.Fprintf(w, "rejected\t%d spans\tby the Collector: %s\n", client.rejected, client.why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if client.rejected > 0 {
		return exitError{code: exitFailure}
	}
	return nil
}

// newest is the end of the last span, 0 if there is none.
func newest(in *input) (pcommon.Timestamp, error) {
	var last pcommon.Timestamp
	err := in.read(otlpfile.Sink{Traces: func(td ptrace.Traces) error {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					last = max(last, span.EndTimestamp())
				}
			}
		}
		return nil
	}})
	return last, err
}

// pacer limits the rate of spans.
type pacer struct {
	rate  float64
	start time.Time
	sent  int
}

// wait returns when n more spans may be sent.
func (p *pacer) wait(ctx context.Context, n int) error {
	if p.rate == 0 {
		return nil
	}
	due := p.start.Add(time.Duration(float64(p.sent) / p.rate * float64(time.Second)))
	p.sent += n
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
