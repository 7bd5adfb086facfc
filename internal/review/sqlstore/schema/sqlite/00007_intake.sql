-- Why an item is here, what others said of it, and what became of its labels for those who read along.

-- +goose Up
-- One bit a source: 1 verdict, 2 feedback, 4 sent, 8 suspicion, 16 random. A verdict has the probability 1; the table
-- reasons has those of the others.
ALTER TABLE items ADD COLUMN sources INTEGER NOT NULL DEFAULT 1;
CREATE INDEX items_feedback ON items (id) WHERE (sources & 2) <> 0;
CREATE INDEX items_sent ON items (id) WHERE (sources & 4) <> 0;
CREATE INDEX items_suspicion ON items (id) WHERE (sources & 8) <> 0;
CREATE INDEX items_random ON items (id) WHERE (sources & 16) <> 0;
CREATE INDEX items_wanted ON items (received_ns) WHERE bytes = 0;

CREATE TABLE reasons (
  item_id     BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  source      TEXT NOT NULL,
  probability DOUBLE PRECISION NOT NULL, -- 0 is not known
  PRIMARY KEY (item_id, source)
);

DROP TRIGGER counts_insert;
DROP TRIGGER counts_delete;
DROP TRIGGER counts_update;
DROP TABLE counts;
CREATE TABLE counts (
  state   TEXT NOT NULL,
  class   TEXT NOT NULL,
  service TEXT NOT NULL,
  unsafe  INTEGER NOT NULL,
  sources INTEGER NOT NULL,
  n       BIGINT NOT NULL,
  bytes   BIGINT NOT NULL,
  PRIMARY KEY (state, class, service, unsafe, sources)
) WITHOUT ROWID;
INSERT INTO counts SELECT state, class, service, unsafe, sources, COUNT(*), SUM(bytes) FROM items GROUP BY 1, 2, 3, 4, 5;
-- +goose StatementBegin
CREATE TRIGGER counts_insert AFTER INSERT ON items BEGIN
  INSERT INTO counts VALUES (NEW.state, NEW.class, NEW.service, NEW.unsafe, NEW.sources, 1, NEW.bytes)
    ON CONFLICT DO UPDATE SET n = n + 1, bytes = bytes + excluded.bytes;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER counts_delete AFTER DELETE ON items BEGIN
  UPDATE counts SET n = n - 1, bytes = bytes - OLD.bytes WHERE state = OLD.state AND class = OLD.class
    AND service = OLD.service AND unsafe = OLD.unsafe AND sources = OLD.sources;
  DELETE FROM counts WHERE state = OLD.state AND class = OLD.class AND service = OLD.service AND unsafe = OLD.unsafe
    AND sources = OLD.sources AND n = 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER counts_update AFTER UPDATE OF state, class, service, unsafe, sources, bytes ON items BEGIN
  INSERT INTO counts VALUES (NEW.state, NEW.class, NEW.service, NEW.unsafe, NEW.sources, 1, NEW.bytes)
    ON CONFLICT DO UPDATE SET n = n + 1, bytes = bytes + excluded.bytes;
  UPDATE counts SET n = n - 1, bytes = bytes - OLD.bytes WHERE state = OLD.state AND class = OLD.class
    AND service = OLD.service AND unsafe = OLD.unsafe AND sources = OLD.sources;
  DELETE FROM counts WHERE state = OLD.state AND class = OLD.class AND service = OLD.service AND unsafe = OLD.unsafe
    AND sources = OLD.sources AND n = 0;
END;
-- +goose StatementEnd

-- Evaluations may come before their trace, and then have no item yet. The whole is in data, as JSON.
CREATE TABLE evaluations (
  trace_id    TEXT NOT NULL,
  span_id     TEXT NOT NULL,
  name        TEXT NOT NULL,
  evaluator   TEXT NOT NULL,
  version     TEXT NOT NULL,
  reviewer    TEXT NOT NULL,
  item_id     BIGINT REFERENCES items (id) ON DELETE CASCADE,
  bad         INTEGER NOT NULL, -- 1 for bad feedback
  failed      INTEGER NOT NULL,
  time_ns     BIGINT NOT NULL,
  received_ns BIGINT NOT NULL,
  data        TEXT NOT NULL,
  PRIMARY KEY (trace_id, span_id, name, evaluator, version, reviewer)
);
CREATE INDEX evaluations_item ON evaluations (item_id) WHERE item_id IS NOT NULL;
CREATE INDEX evaluations_orphan ON evaluations (received_ns) WHERE item_id IS NULL;

-- Traces that looked fine, by service and hour since 1970. The rate of the random sample follows them.
CREATE TABLE volumes (
  service TEXT NOT NULL,
  hour    BIGINT NOT NULL,
  n       DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (service, hour)
);
CREATE INDEX volumes_hour ON volumes (hour);

-- Changes of labels, until all readers have them. They outlive the item.
CREATE TABLE outbox (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  undone         INTEGER NOT NULL,
  label_id       BIGINT NOT NULL,
  trace_id       TEXT NOT NULL,
  span_id        TEXT NOT NULL,
  decision       TEXT NOT NULL,
  class          TEXT NOT NULL,
  detail         TEXT NOT NULL,
  note           TEXT NOT NULL,
  reviewer       TEXT NOT NULL,
  created_ns     BIGINT NOT NULL,
  service        TEXT NOT NULL,
  environment    TEXT NOT NULL,
  model          TEXT NOT NULL,
  prompt_name    TEXT NOT NULL,
  prompt_version TEXT NOT NULL,
  end_ns         BIGINT NOT NULL,
  source         TEXT NOT NULL, -- the stratum, '' outside of them
  probability    DOUBLE PRECISION NOT NULL
);
CREATE TABLE outbox_readers (
  reader   TEXT PRIMARY KEY,
  last_id  BIGINT NOT NULL, -- that was delivered
  process  TEXT NOT NULL, -- whose turn it is
  until_ns BIGINT NOT NULL
);
CREATE VIEW outbox_items AS
  SELECT i.id AS item_id, i.trace_id, s.span_id, COALESCE(NULLIF(s.service, ''), i.service) AS service, i.environment,
    i.model, i.prompt_name, i.prompt_version, i.primary_span_id,
    CASE WHEN s.start_ns > 0 THEN s.start_ns + s.duration_ns ELSE 0 END AS end_ns,
    CASE WHEN (i.sources & 1) <> 0 THEN 'verdict' WHEN (i.sources & 8) <> 0 THEN 'suspicion'
      WHEN (i.sources & 16) <> 0 THEN 'random' ELSE '' END AS source,
    CASE WHEN (i.sources & 1) <> 0 THEN 1.0 ELSE COALESCE((SELECT r.probability FROM reasons r WHERE r.item_id = i.id
      AND r.source = CASE WHEN (i.sources & 8) <> 0 THEN 'suspicion' ELSE 'random' END), 0) END AS probability
  FROM items i LEFT JOIN spans s ON s.item_id = i.id;
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
-- A label that goes with its item was not taken back: the item is gone by then.
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

-- +goose Down
DROP TRIGGER outbox_given;
DROP TRIGGER outbox_undone;
DROP VIEW outbox_items;
DROP TABLE outbox_readers;
DROP TABLE outbox;
DROP TABLE volumes;
DROP TABLE evaluations;
DELETE FROM items WHERE (sources & 1) = 0;
DROP TRIGGER counts_insert;
DROP TRIGGER counts_delete;
DROP TRIGGER counts_update;
DROP TABLE counts;
DROP TABLE reasons;
DROP INDEX items_feedback;
DROP INDEX items_sent;
DROP INDEX items_suspicion;
DROP INDEX items_random;
DROP INDEX items_wanted;
ALTER TABLE items DROP COLUMN sources;
CREATE TABLE counts (
  state   TEXT NOT NULL,
  class   TEXT NOT NULL,
  service TEXT NOT NULL,
  unsafe  INTEGER NOT NULL,
  n       BIGINT NOT NULL,
  bytes   BIGINT NOT NULL,
  PRIMARY KEY (state, class, service, unsafe)
) WITHOUT ROWID;
INSERT INTO counts SELECT state, class, service, unsafe, COUNT(*), SUM(bytes) FROM items GROUP BY 1, 2, 3, 4;
-- +goose StatementBegin
CREATE TRIGGER counts_insert AFTER INSERT ON items BEGIN
  INSERT INTO counts VALUES (NEW.state, NEW.class, NEW.service, NEW.unsafe, 1, NEW.bytes)
    ON CONFLICT DO UPDATE SET n = n + 1, bytes = bytes + excluded.bytes;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER counts_delete AFTER DELETE ON items BEGIN
  UPDATE counts SET n = n - 1, bytes = bytes - OLD.bytes
    WHERE state = OLD.state AND class = OLD.class AND service = OLD.service AND unsafe = OLD.unsafe;
  DELETE FROM counts
    WHERE state = OLD.state AND class = OLD.class AND service = OLD.service AND unsafe = OLD.unsafe AND n = 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER counts_update AFTER UPDATE OF state, class, service, unsafe, bytes ON items BEGIN
  INSERT INTO counts VALUES (NEW.state, NEW.class, NEW.service, NEW.unsafe, 1, NEW.bytes)
    ON CONFLICT DO UPDATE SET n = n + 1, bytes = bytes + excluded.bytes;
  UPDATE counts SET n = n - 1, bytes = bytes - OLD.bytes
    WHERE state = OLD.state AND class = OLD.class AND service = OLD.service AND unsafe = OLD.unsafe;
  DELETE FROM counts
    WHERE state = OLD.state AND class = OLD.class AND service = OLD.service AND unsafe = OLD.unsafe AND n = 0;
END;
-- +goose StatementEnd
