-- What was made of the failures of a signal: rows of datasets, and rules of scorer files.

-- +goose Up
CREATE TABLE guards (
  signal_id TEXT COLLATE "C" NOT NULL,
  kind      TEXT COLLATE "C" NOT NULL,
  name      TEXT COLLATE "C" NOT NULL,
  version   TEXT NOT NULL,
  row_ids   TEXT NOT NULL, -- JSON list
  added_by  TEXT NOT NULL,
  added_ns  BIGINT NOT NULL,
  PRIMARY KEY (signal_id, kind, name)
);

-- +goose Down
DROP TABLE guards;
