package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// otlpClient sends telemetry to a Collector, and counts it.
type otlpClient struct {
	endpoint string
	timeout  time.Duration
	conn     *grpc.ClientConn
	trace    ptraceotlp.GRPCClient
	log      plogotlp.GRPCClient

	requests, spans, records int
	unwanted                 int // log records that the Collector has no pipeline for
	rejected                 int64
	why                      string // the Collector's reason for the last rejection
}

func dial(endpoint string, timeout time.Duration) (*otlpClient, error) {
	if _, _, err := net.SplitHostPort(endpoint); err != nil {
		return nil, usage("--endpoint must be host:port, got %q", endpoint)
	}
	conn, err := grpc.NewClient("passthrough:///"+endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, usage("--endpoint must be host:port, got %q: %w", endpoint, err)
	}
	return &otlpClient{
		endpoint: endpoint, timeout: timeout, conn: conn,
		trace: ptraceotlp.NewGRPCClient(conn), log: plogotlp.NewGRPCClient(conn),
	}, nil
}

func (c *otlpClient) close() { _ = c.conn.Close() }

func (c *otlpClient) traces(ctx context.Context, td ptrace.Traces) error {
	err := c.try(ctx, func(ctx context.Context) error {
		resp, err := c.trace.Export(ctx, ptraceotlp.NewExportRequestFromTraces(td))
		if err != nil {
			return err
		}
		if n := resp.PartialSuccess().RejectedSpans(); n > 0 {
			c.rejected += n
			c.why = resp.PartialSuccess().ErrorMessage()
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.requests++
	c.spans += td.SpanCount()
	return nil
}

func (c *otlpClient) logs(ctx context.Context, ld plog.Logs) error {
	if c.unwanted > 0 {
		c.unwanted += ld.LogRecordCount()
		return nil
	}
	err := c.try(ctx, func(ctx context.Context) error {
		_, err := c.log.Export(ctx, plogotlp.NewExportRequestFromLogs(ld))
		if status.Code(err) == codes.Unimplemented {
			c.unwanted += ld.LogRecordCount()
			return nil
		}
		return err
	})
	if err != nil || c.unwanted > 0 {
		return err
	}
	c.records += ld.LogRecordCount()
	return nil
}

// try sends until it succeeds, the error is permanent, or the timeout is over.
func (c *otlpClient) try(ctx context.Context, send func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := send(ctx)
		if err == nil {
			return nil
		}
		if !passing(status.Code(err)) || ctx.Err() != nil {
			return c.explain(err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return c.explain(err)
		}
	}
}

// passing are the errors that OTLP clients retry.
func passing(code codes.Code) bool {
	switch code {
	case codes.Unavailable,
		codes.ResourceExhausted,
		codes.Aborted,
		codes.DeadlineExceeded,
		codes.OutOfRange,
		codes.DataLoss:
		return true
	}
	return false
}

func (c *otlpClient) explain(err error) error {
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unavailable, codes.DeadlineExceeded:
		return fmt.Errorf("send to %s: %s; is a Collector listening there for OTLP/gRPC, usually on port 4317? "+
			"start one with make run, or set another with --endpoint", c.endpoint, s.Message())
	case codes.Unimplemented:
		return fmt.Errorf("send to %s: the Collector there has no pipeline for traces", c.endpoint)
	}
	return fmt.Errorf("send to %s: %s: %s", c.endpoint, s.Code(), s.Message())
}
