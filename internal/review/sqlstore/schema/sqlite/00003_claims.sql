-- Who has a case. There are few rows: one a reviewer, gone when it expires.

-- +goose Up
CREATE TABLE claims (
  item_id  BIGINT PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
  holder   TEXT NOT NULL UNIQUE,
  name     TEXT NOT NULL,
  until_ns BIGINT NOT NULL
);
-- The label that its person saw, so that two judgements at once are told apart from one that corrects another.
ALTER TABLE labels ADD COLUMN replaces BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE labels DROP COLUMN replaces;
DROP TABLE claims;
