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

-- +goose Down
DROP INDEX items_session;
DROP TABLE turns;
