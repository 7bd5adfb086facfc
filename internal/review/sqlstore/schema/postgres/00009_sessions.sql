-- The spans of traces that did not fail, of a session in which another one did. They go with the item of that one, whose
-- bytes count theirs.

-- +goose Up
CREATE TABLE turns (
  trace_id TEXT NOT NULL,
  span_id  TEXT NOT NULL,
  item_id  BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  start_ns BIGINT NOT NULL,
  data     TEXT NOT NULL,
  PRIMARY KEY (trace_id, span_id)
);
CREATE INDEX turns_item ON turns (item_id, trace_id);
CREATE INDEX items_session ON items (session_id, id) WHERE session_id <> '';

-- What the queue is narrowed by beside class, service and state.
CREATE INDEX items_received ON items (received_ns, id);
CREATE INDEX items_model ON items (model, id);
CREATE INDEX items_version ON items (prompt_version, id);
CREATE INDEX items_environment ON items (environment, id);
CREATE INDEX labels_reviewer ON labels (reviewer, item_id);

-- +goose Down
DROP INDEX labels_reviewer;
DROP INDEX items_environment;
DROP INDEX items_version;
DROP INDEX items_model;
DROP INDEX items_received;
DROP INDEX items_session;
DROP TABLE turns;
