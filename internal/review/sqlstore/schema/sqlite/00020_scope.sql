-- Changes of labels say whether they judge a turn or a session, how bad the failure is, and whether many items were
-- judged at once.

-- +goose Up
ALTER TABLE outbox ADD COLUMN batch TEXT NOT NULL DEFAULT ''; -- names the judgement of many items
ALTER TABLE outbox ADD COLUMN scope TEXT NOT NULL DEFAULT ''; -- 'session', or '' for a turn
ALTER TABLE outbox ADD COLUMN severity TEXT NOT NULL DEFAULT '';
DROP TRIGGER outbox_given;
DROP TRIGGER outbox_undone;
-- +goose StatementBegin
CREATE TRIGGER outbox_given AFTER INSERT ON labels BEGIN
  INSERT INTO outbox (undone, label_id, trace_id, span_id, decision, class, detail, note, reviewer, created_ns, service,
    environment, model, prompt_name, prompt_version, end_ns, source, probability, batch, scope, severity)
  SELECT 0, NEW.id, o.trace_id, COALESCE(o.span_id, ''), NEW.decision, NEW.class, NEW.detail, NEW.note, NEW.reviewer,
    NEW.created_ns, o.service, o.environment, o.model, o.prompt_name, o.prompt_version, o.end_ns, o.source, o.probability,
    NEW.batch, CASE WHEN json_valid(NEW.remarks) THEN COALESCE(NEW.remarks ->> '$.scope', '') ELSE '' END,
    CASE WHEN json_valid(NEW.remarks) THEN COALESCE(NEW.remarks ->> '$.severity', '') ELSE '' END
  FROM outbox_items o WHERE o.item_id = NEW.item_id
    AND (o.span_id IS NULL OR o.span_id = COALESCE(NULLIF(NEW.span_id, ''), o.primary_span_id));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outbox_undone AFTER DELETE ON labels BEGIN
  INSERT INTO outbox (undone, label_id, trace_id, span_id, decision, class, detail, note, reviewer, created_ns, service,
    environment, model, prompt_name, prompt_version, end_ns, source, probability, batch, scope, severity)
  SELECT 1, OLD.id, o.trace_id, COALESCE(o.span_id, ''), OLD.decision, OLD.class, OLD.detail, '', OLD.reviewer,
    OLD.created_ns, o.service, o.environment, o.model, o.prompt_name, o.prompt_version, o.end_ns, o.source, o.probability,
    OLD.batch, CASE WHEN json_valid(OLD.remarks) THEN COALESCE(OLD.remarks ->> '$.scope', '') ELSE '' END,
    CASE WHEN json_valid(OLD.remarks) THEN COALESCE(OLD.remarks ->> '$.severity', '') ELSE '' END
  FROM outbox_items o WHERE o.item_id = OLD.item_id
    AND (o.span_id IS NULL OR o.span_id = COALESCE(NULLIF(OLD.span_id, ''), o.primary_span_id));
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER outbox_given;
DROP TRIGGER outbox_undone;
ALTER TABLE outbox DROP COLUMN severity;
ALTER TABLE outbox DROP COLUMN scope;
ALTER TABLE outbox DROP COLUMN batch;
-- +goose StatementBegin
CREATE TRIGGER outbox_given AFTER INSERT ON labels BEGIN
  INSERT INTO outbox (undone, label_id, trace_id, span_id, decision, class, detail, note, reviewer, created_ns, service,
    environment, model, prompt_name, prompt_version, end_ns, source, probability)
  SELECT 0, NEW.id, o.trace_id, COALESCE(o.span_id, ''), NEW.decision, NEW.class, NEW.detail, NEW.note, NEW.reviewer,
    NEW.created_ns, o.service, o.environment, o.model, o.prompt_name, o.prompt_version, o.end_ns, o.source, o.probability
  FROM outbox_items o WHERE o.item_id = NEW.item_id
    AND (o.span_id IS NULL OR o.span_id = COALESCE(NULLIF(NEW.span_id, ''), o.primary_span_id));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outbox_undone AFTER DELETE ON labels BEGIN
  INSERT INTO outbox (undone, label_id, trace_id, span_id, decision, class, detail, note, reviewer, created_ns, service,
    environment, model, prompt_name, prompt_version, end_ns, source, probability)
  SELECT 1, OLD.id, o.trace_id, COALESCE(o.span_id, ''), OLD.decision, OLD.class, OLD.detail, '', OLD.reviewer,
    OLD.created_ns, o.service, o.environment, o.model, o.prompt_name, o.prompt_version, o.end_ns, o.source, o.probability
  FROM outbox_items o WHERE o.item_id = OLD.item_id
    AND (o.span_id IS NULL OR o.span_id = COALESCE(NULLIF(OLD.span_id, ''), o.primary_span_id));
END;
-- +goose StatementEnd
