-- Changes of labels say whether they judge a turn or a session, how bad the failure is, and whether many items were
-- judged at once.

-- +goose Up
ALTER TABLE outbox ADD COLUMN batch TEXT COLLATE "C" NOT NULL DEFAULT ''; -- names the judgement of many items
ALTER TABLE outbox ADD COLUMN scope TEXT COLLATE "C" NOT NULL DEFAULT ''; -- 'session', or '' for a turn
ALTER TABLE outbox ADD COLUMN severity TEXT COLLATE "C" NOT NULL DEFAULT '';
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION outbox_add(label labels, was_undone INTEGER) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO outbox (undone, label_id, trace_id, span_id, decision, class, detail, note, reviewer, created_ns, service,
    environment, model, prompt_name, prompt_version, end_ns, source, probability, batch, scope, severity)
  SELECT was_undone, label.id, o.trace_id, COALESCE(o.span_id, ''), label.decision, label.class, label.detail,
    CASE was_undone WHEN 1 THEN '' ELSE label.note END, label.reviewer, label.created_ns, o.service, o.environment, o.model,
    o.prompt_name, o.prompt_version, o.end_ns, o.source, o.probability,
    label.batch, COALESCE(NULLIF(label.remarks, '')::json ->> 'scope', ''),
    COALESCE(NULLIF(label.remarks, '')::json ->> 'severity', '')
  FROM outbox_items o WHERE o.item_id = label.item_id
    AND (o.span_id IS NULL OR o.span_id = COALESCE(NULLIF(label.span_id, ''), o.primary_span_id));
END; $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION outbox_add(label labels, was_undone INTEGER) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO outbox (undone, label_id, trace_id, span_id, decision, class, detail, note, reviewer, created_ns, service,
    environment, model, prompt_name, prompt_version, end_ns, source, probability)
  SELECT was_undone, label.id, o.trace_id, COALESCE(o.span_id, ''), label.decision, label.class, label.detail,
    CASE was_undone WHEN 1 THEN '' ELSE label.note END, label.reviewer, label.created_ns, o.service, o.environment, o.model,
    o.prompt_name, o.prompt_version, o.end_ns, o.source, o.probability
  FROM outbox_items o WHERE o.item_id = label.item_id
    AND (o.span_id IS NULL OR o.span_id = COALESCE(NULLIF(label.span_id, ''), o.primary_span_id));
END; $$;
-- +goose StatementEnd
ALTER TABLE outbox DROP COLUMN severity;
ALTER TABLE outbox DROP COLUMN scope;
ALTER TABLE outbox DROP COLUMN batch;
