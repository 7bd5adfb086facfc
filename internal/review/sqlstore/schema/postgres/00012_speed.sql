-- Triggers that cost less. A function in SQL is parsed and planned at each call, one in PL/pgSQL once a connection; and
-- what a Put inserts is counted once a statement.

-- +goose Up
DROP FUNCTION count_added(items);
-- +goose StatementBegin
CREATE FUNCTION count_added(item items) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO counts VALUES (item.state, item.class, item.service, item.unsafe, item.sources, 1, item.bytes)
    ON CONFLICT (state, class, service, unsafe, sources)
    DO UPDATE SET n = counts.n + 1, bytes = counts.bytes + excluded.bytes;
END; $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_removed(item items) RETURNS void LANGUAGE plpgsql AS $$ DECLARE remains BIGINT; BEGIN
  UPDATE counts SET n = n - 1, bytes = bytes - item.bytes WHERE state = item.state AND class = item.class
    AND service = item.service AND unsafe = item.unsafe AND sources = item.sources RETURNING n INTO remains;
  IF remains = 0 THEN
    DELETE FROM counts WHERE state = item.state AND class = item.class AND service = item.service
      AND unsafe = item.unsafe AND sources = item.sources;
  END IF;
END; $$;
-- +goose StatementEnd

DROP FUNCTION outbox_add(labels, INTEGER);
-- +goose StatementBegin
CREATE FUNCTION outbox_add(label labels, was_undone INTEGER) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO outbox (undone, label_id, trace_id, span_id, decision, class, detail, note, reviewer, created_ns, service,
    environment, model, prompt_name, prompt_version, end_ns, source, probability)
  SELECT was_undone, label.id, o.trace_id, COALESCE(o.span_id, ''), label.decision, label.class, label.detail,
    CASE was_undone WHEN 1 THEN '' ELSE label.note END, label.reviewer, label.created_ns, o.service, o.environment, o.model,
    o.prompt_name, o.prompt_version, o.end_ns, o.source, o.probability
  FROM outbox_items o WHERE o.item_id = label.item_id
    AND (o.span_id IS NULL OR o.span_id = COALESCE(NULLIF(label.span_id, ''), o.primary_span_id));
END; $$;
-- +goose StatementEnd

DROP TRIGGER items_inserted ON items;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION items_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO counts SELECT state, class, service, unsafe, sources, COUNT(*), SUM(bytes) FROM added GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (state, class, service, unsafe, sources)
    DO UPDATE SET n = counts.n + excluded.n, bytes = counts.bytes + excluded.bytes;
  INSERT INTO signals (id, class, detail, title, service, state, changed_ns, first_ns, last_ns, total, stored, open)
    SELECT DISTINCT ON (fingerprint) fingerprint, class, detail, evidence, service, 'new', received_ns,
      MIN(received_ns) OVER same, MAX(received_ns) OVER same, COUNT(*) OVER same, COUNT(*) OVER same,
      COUNT(*) FILTER (WHERE state = 'open') OVER same
    FROM added WHERE fingerprint <> '' WINDOW same AS (PARTITION BY fingerprint) ORDER BY fingerprint, id
    ON CONFLICT (id) DO UPDATE SET total = signals.total + excluded.total, stored = signals.stored + excluded.stored,
      open = signals.open + excluded.open, last_ns = GREATEST(signals.last_ns, excluded.last_ns);
  INSERT INTO signal_hours SELECT fingerprint, received_ns / 3600000000000, COUNT(*) FROM added WHERE fingerprint <> ''
    GROUP BY 1, 2 ON CONFLICT (signal_id, hour) DO UPDATE SET n = signal_hours.n + excluded.n;
  RETURN NULL;
END; $$;
-- +goose StatementEnd
CREATE TRIGGER items_inserted AFTER INSERT ON items REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION items_inserted();

-- +goose Down
DROP TRIGGER items_inserted ON items;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION items_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM count_added(NEW);
  PERFORM signal_joined(NEW);
  RETURN NULL;
END; $$;
-- +goose StatementEnd
CREATE TRIGGER items_inserted AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION items_inserted();
