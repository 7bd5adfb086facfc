package llmjudgeconnector

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge/queue"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// deliver emits the log record of an outcome: an evaluation, or that and why there is none.
func (b *bench) deliver(ctx context.Context, o *queue.Outcome) error {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	put(rl.Resource().Attributes(), string(catalog.ServiceName), o.Item.Service)
	put(rl.Resource().Attributes(), string(catalog.Environment), o.Item.Environment)
	record := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	now := pcommon.NewTimestampFromTime(time.Now())
	record.SetTimestamp(now)
	record.SetObservedTimestamp(now)
	var trace [16]byte
	var span [8]byte
	if n, err := hex.Decode(trace[:], []byte(o.Item.TraceID)); err == nil && n == len(trace) {
		record.SetTraceID(trace)
	}
	if n, err := hex.Decode(span[:], []byte(o.Item.SpanID)); err == nil && n == len(span) {
		record.SetSpanID(span)
	}
	if o.Err != nil {
		b.unjudged(record, o)
	} else {
		b.judged(record, o)
	}
	err := b.next.ConsumeLogs(ctx, ld)
	if err == nil && o.Err == nil {
		b.count.judgement(o.Rater, o.Result.Evaluation.Label)
	}
	return err
}

func (b *bench) judged(record plog.LogRecord, o *queue.Outcome) {
	e := o.Result.Evaluation
	e.Session, e.Untrusted = o.Item.Session, !b.plan.trusted[o.Rater] && !b.plan.trusted[e.Version]
	e.Write(record)
	record.SetSeverityNumber(plog.SeverityNumberInfo)
	record.SetSeverityText("INFO")
	record.Body().SetStr(fmt.Sprintf("%s: %s, score %.2f", e.Name, e.Label, e.Value.Value))
}

// unjudged counts and tells why something was not judged. The record says of which sample it is missing.
func (b *bench) unjudged(record plog.LogRecord, o *queue.Outcome) {
	b.count.notJudged(o.Err.Obstacle)
	e := spanattr.Evaluation{Name: o.Rater, By: spanattr.EvaluatorJudge, Session: o.Item.Session}
	if rater := b.raters[o.Rater]; rater != nil {
		e.Version = rater.Version()
	}
	if k := o.Item.Case; k != nil {
		e.Stratum = k.Stratum
		e.Model, e.PromptName, e.PromptVersion = k.Model, k.PromptName, k.PromptVersion
		e.Provider, e.Operation = k.Provider, k.Operation
		if k.Probability > 0 {
			e.Probability = genai.Some(k.Probability)
		}
	}
	e.Write(record)
	record.SetEventName(spanattr.EventNotJudged)
	put(record.Attributes(), spanattr.AttrNotJudged, string(o.Err.Obstacle))
	record.SetSeverityNumber(plog.SeverityNumberWarn)
	record.SetSeverityText("WARN")
	record.Body().SetStr(fmt.Sprintf("%s: not judged, %s", o.Rater, o.Err))
}

func put(attributes pcommon.Map, key, value string) {
	if value != "" {
		attributes.PutStr(key, value)
	}
}
