-- Vectors of what signals mean, by which they are joined, and who looks after a signal.

-- +goose Up
CREATE TABLE signal_vectors (
  signal_id TEXT COLLATE "C" PRIMARY KEY,
  model     TEXT COLLATE "C" NOT NULL, -- '' where a person gave the signal its place
  vector    BYTEA NOT NULL -- little-endian float32; empty where the model takes no such text
);
ALTER TABLE signals ADD COLUMN assignee TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE signals DROP COLUMN assignee;
DROP TABLE signal_vectors;
