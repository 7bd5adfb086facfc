-- Whom an item is about, and what people did.

-- +goose Up
-- The users and sessions of its spans.
CREATE TABLE subjects (
  item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  kind    TEXT NOT NULL, -- user or session
  id      TEXT NOT NULL,
  PRIMARY KEY (id, kind, item_id)
) WITHOUT ROWID;
CREATE INDEX subjects_item ON subjects (item_id);
INSERT INTO subjects SELECT DISTINCT item_id, 'session', session_id FROM spans WHERE session_id <> '';
-- Of a span that is nested deeper than SQLite reads, the user is not known.
INSERT OR IGNORE INTO subjects SELECT item_id, 'user', user_id FROM (SELECT item_id,
  CASE WHEN json_valid(data) THEN json_extract(data, '$.call.user_id') END AS user_id FROM spans) WHERE user_id <> '';

CREATE TABLE audit (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  time_ns BIGINT NOT NULL,
  who     TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL, -- of an erased one its hash
  n       BIGINT NOT NULL
);
CREATE INDEX audit_time ON audit (time_ns);

-- What a component keeps beside the items, and which process runs it.
CREATE TABLE checkpoints (
  owner TEXT NOT NULL,
  name  TEXT NOT NULL,
  data  TEXT NOT NULL,
  PRIMARY KEY (owner, name)
) WITHOUT ROWID;
CREATE TABLE leases (
  owner    TEXT PRIMARY KEY,
  process  TEXT NOT NULL,
  until_ns BIGINT NOT NULL
);

-- +goose Down
DROP TABLE leases;
DROP TABLE checkpoints;
DROP TABLE audit;
DROP TABLE subjects;
