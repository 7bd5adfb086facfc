-- Times are nanoseconds since 1970 in UTC, 0 where unknown; durations are nanoseconds; texts are never NULL.

-- +goose Up
CREATE TABLE items (
  id              INTEGER PRIMARY KEY AUTOINCREMENT, -- order of arrival, never reused: pages are cut by it
  trace_id        TEXT NOT NULL UNIQUE,
  state           TEXT NOT NULL,
  service         TEXT NOT NULL,
  environment     TEXT NOT NULL,
  class           TEXT NOT NULL,
  detail          TEXT NOT NULL,
  evidence        TEXT NOT NULL,
  fingerprint     TEXT NOT NULL,
  primary_span_id TEXT NOT NULL,
  model           TEXT NOT NULL,
  prompt_name     TEXT NOT NULL,
  prompt_version  TEXT NOT NULL,
  session_id      TEXT NOT NULL,
  cost_usd        DOUBLE PRECISION, -- NULL where no span tells
  start_ns        BIGINT NOT NULL,
  duration_ns     BIGINT NOT NULL,
  received_ns     BIGINT NOT NULL,
  label_id        BIGINT, -- the newest label
  bytes           BIGINT NOT NULL -- of spans.data, to bound it
);
CREATE INDEX items_class ON items (class, id);
CREATE INDEX items_service ON items (service, id);
CREATE INDEX items_state ON items (state, id);

-- A span whole is in data, as JSON. The columns are what an item's verdict is computed from.
CREATE TABLE spans (
  item_id        BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  span_id        TEXT NOT NULL,
  service        TEXT NOT NULL,
  class          TEXT NOT NULL,
  detail         TEXT NOT NULL,
  evidence       TEXT NOT NULL,
  fingerprint    TEXT NOT NULL,
  model          TEXT NOT NULL,
  prompt_name    TEXT NOT NULL,
  prompt_version TEXT NOT NULL,
  session_id     TEXT NOT NULL,
  cost_usd       DOUBLE PRECISION,
  start_ns       BIGINT NOT NULL,
  duration_ns    BIGINT NOT NULL,
  data           TEXT NOT NULL,
  PRIMARY KEY (item_id, span_id)
);

CREATE TABLE labels (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  item_id    BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  span_id    TEXT NOT NULL,
  decision   TEXT NOT NULL,
  class      TEXT NOT NULL,
  detail     TEXT NOT NULL,
  note       TEXT NOT NULL,
  reviewer   TEXT NOT NULL,
  created_ns BIGINT NOT NULL
);
CREATE INDEX labels_item ON labels (item_id, id);

-- One row an item, rowid = items.id. The body keeps its text, so that late spans extend it without reading the others.
CREATE VIRTUAL TABLE search USING fts5 (body, tokenize = 'unicode61 remove_diacritics 2');

-- +goose Down
DROP TABLE search;
DROP TABLE labels;
DROP TABLE spans;
DROP TABLE items;
