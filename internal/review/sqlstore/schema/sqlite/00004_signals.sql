-- Pages must not count items: triggers count them in the transaction that changes them.

-- +goose Up
ALTER TABLE items ADD COLUMN unsafe INTEGER NOT NULL DEFAULT 0; -- 1 where any span has a safety finding
UPDATE items SET unsafe = 1 WHERE id IN (SELECT item_id FROM spans WHERE class = 'unsafe');
DROP INDEX spans_unsafe;

-- An index a filter, each in the order of the queue.
CREATE INDEX items_class_service ON items (class, service, id);
CREATE INDEX items_state_class ON items (state, class, id);
CREATE INDEX items_state_service ON items (state, service, id);
CREATE INDEX items_state_class_service ON items (state, class, service, id);
CREATE INDEX items_unsafe ON items (id) WHERE unsafe = 1;
CREATE INDEX items_signal ON items (fingerprint, state, id) WHERE fingerprint <> '';
CREATE INDEX items_seen ON items (fingerprint, id) WHERE fingerprint <> '';

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

-- A signal is the items of one fingerprint.
CREATE TABLE signals (
  id           TEXT PRIMARY KEY, -- the fingerprint
  class        TEXT NOT NULL,
  detail       TEXT NOT NULL,
  title        TEXT NOT NULL, -- evidence of the first item
  service      TEXT NOT NULL, -- of the first item
  state        TEXT NOT NULL,
  priority     INTEGER NOT NULL DEFAULT 2, -- of the state, 0 first
  changed_ns   BIGINT NOT NULL, -- of the state
  first_ns     BIGINT NOT NULL,
  last_ns      BIGINT NOT NULL,
  total        BIGINT NOT NULL, -- ever seen
  stored       BIGINT NOT NULL,
  open         BIGINT NOT NULL,
  version      TEXT NOT NULL DEFAULT '', -- of the prompt that resolved it
  old_versions TEXT NOT NULL DEFAULT '', -- JSON list: those that were seen before it was resolved
  changed_by   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX signals_order ON signals (priority, last_ns, id);
CREATE TABLE signal_hours (
  signal_id TEXT NOT NULL,
  hour      BIGINT NOT NULL, -- since 1970
  n         BIGINT NOT NULL,
  PRIMARY KEY (signal_id, hour)
) WITHOUT ROWID;
CREATE INDEX signal_hours_hour ON signal_hours (hour, signal_id, n);
INSERT INTO signals (id, class, detail, title, service, state, changed_ns, first_ns, last_ns, total, stored, open)
  SELECT fingerprint, class, detail, evidence, service, 'new', received_ns, MIN(received_ns), MAX(received_ns), COUNT(*),
    COUNT(*), SUM(state = 'open') FROM items WHERE fingerprint <> '' GROUP BY 1;
INSERT INTO signal_hours SELECT fingerprint, received_ns / 3600000000000, COUNT(*) FROM items WHERE fingerprint <> '' GROUP BY 1, 2;

-- Labels that were given to many items at once have the name of their batch.
ALTER TABLE labels ADD COLUMN batch TEXT NOT NULL DEFAULT '';
CREATE INDEX labels_batch ON labels (batch, id) WHERE batch <> '';

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
-- +goose StatementBegin
CREATE TRIGGER signals_insert AFTER INSERT ON items WHEN NEW.fingerprint <> '' BEGIN
  INSERT INTO signals (id, class, detail, title, service, state, changed_ns, first_ns, last_ns, total, stored, open)
    VALUES (NEW.fingerprint, NEW.class, NEW.detail, NEW.evidence, NEW.service, 'new', NEW.received_ns, NEW.received_ns,
      NEW.received_ns, 1, 1, NEW.state = 'open')
    ON CONFLICT DO UPDATE SET total = total + 1, stored = stored + 1, open = open + excluded.open,
      last_ns = MAX(last_ns, excluded.last_ns);
  INSERT INTO signal_hours VALUES (NEW.fingerprint, NEW.received_ns / 3600000000000, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signals_delete AFTER DELETE ON items WHEN OLD.fingerprint <> '' BEGIN
  UPDATE signals SET stored = stored - 1, open = open - (OLD.state = 'open') WHERE id = OLD.fingerprint;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signals_judged AFTER UPDATE OF state ON items
  WHEN NEW.fingerprint <> '' AND NEW.fingerprint = OLD.fingerprint AND NEW.state <> OLD.state BEGIN
  UPDATE signals SET open = open + (NEW.state = 'open') - (OLD.state = 'open') WHERE id = NEW.fingerprint;
END;
-- +goose StatementEnd
-- Another span turned out to be the root cause: the item goes to another signal, as if it had never been of the first.
-- +goose StatementBegin
CREATE TRIGGER signals_left AFTER UPDATE OF fingerprint ON items
  WHEN OLD.fingerprint <> '' AND NEW.fingerprint <> OLD.fingerprint BEGIN
  UPDATE signals SET total = total - 1, stored = stored - 1, open = open - (OLD.state = 'open') WHERE id = OLD.fingerprint;
  UPDATE signal_hours SET n = n - 1 WHERE signal_id = OLD.fingerprint AND hour = OLD.received_ns / 3600000000000;
  DELETE FROM signal_hours WHERE signal_id = OLD.fingerprint AND hour = OLD.received_ns / 3600000000000 AND n <= 0;
  DELETE FROM signals WHERE id = OLD.fingerprint AND total <= 0;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signals_joined AFTER UPDATE OF fingerprint ON items
  WHEN NEW.fingerprint <> '' AND NEW.fingerprint <> OLD.fingerprint BEGIN
  INSERT INTO signals (id, class, detail, title, service, state, changed_ns, first_ns, last_ns, total, stored, open)
    VALUES (NEW.fingerprint, NEW.class, NEW.detail, NEW.evidence, NEW.service, 'new', NEW.received_ns, NEW.received_ns,
      NEW.received_ns, 1, 1, NEW.state = 'open')
    ON CONFLICT DO UPDATE SET total = total + 1, stored = stored + 1, open = open + excluded.open,
      last_ns = MAX(last_ns, excluded.last_ns);
  INSERT INTO signal_hours VALUES (NEW.fingerprint, NEW.received_ns / 3600000000000, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER counts_insert;
DROP TRIGGER counts_delete;
DROP TRIGGER counts_update;
DROP TRIGGER signals_insert;
DROP TRIGGER signals_delete;
DROP TRIGGER signals_judged;
DROP TRIGGER signals_left;
DROP TRIGGER signals_joined;
DROP INDEX labels_batch;
ALTER TABLE labels DROP COLUMN batch;
DROP TABLE signal_hours;
DROP TABLE signals;
DROP TABLE counts;
DROP INDEX items_class_service;
DROP INDEX items_state_class;
DROP INDEX items_state_service;
DROP INDEX items_state_class_service;
DROP INDEX items_unsafe;
DROP INDEX items_signal;
DROP INDEX items_seen;
ALTER TABLE items DROP COLUMN unsafe;
CREATE INDEX spans_unsafe ON spans (item_id) WHERE class = 'unsafe';
