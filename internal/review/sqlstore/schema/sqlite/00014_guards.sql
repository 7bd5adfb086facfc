-- What was made of the failures of a signal: rows of datasets, and rules of scorer files.

-- +goose Up
CREATE TABLE guards (
  signal_id TEXT NOT NULL,
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  version   TEXT NOT NULL,
  row_ids   TEXT NOT NULL, -- JSON list
  added_by  TEXT NOT NULL,
  added_ns  BIGINT NOT NULL,
  PRIMARY KEY (signal_id, kind, name)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE guards;
