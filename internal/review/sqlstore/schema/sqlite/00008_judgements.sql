-- Queues, what a label says beyond class and note, and merged signals.

-- +goose Up
ALTER TABLE labels ADD COLUMN remarks TEXT NOT NULL DEFAULT ''; -- JSON object, '' for an empty one
ALTER TABLE labels ADD COLUMN person TEXT NOT NULL DEFAULT ''; -- who gave it
ALTER TABLE labels ADD COLUMN counts INTEGER NOT NULL DEFAULT 1; -- 1 for the newest of a person that was not taken back
UPDATE labels SET person = reviewer;
CREATE INDEX labels_person ON labels (person, id);
UPDATE labels SET counts = 0 WHERE EXISTS (SELECT 1 FROM labels later
  WHERE later.item_id = labels.item_id AND later.person = labels.person AND later.id > labels.id);

ALTER TABLE items ADD COLUMN queue TEXT NOT NULL DEFAULT '';
ALTER TABLE items ADD COLUMN reviewers INTEGER NOT NULL DEFAULT 1; -- that have to judge it
ALTER TABLE items ADD COLUMN judged INTEGER NOT NULL DEFAULT 0; -- labels that count
ALTER TABLE items ADD COLUMN place BIGINT NOT NULL DEFAULT 0; -- in the queue, the greatest first; 0 once it is reviewed
ALTER TABLE items ADD COLUMN assignee TEXT NOT NULL DEFAULT '';
UPDATE items SET judged = (SELECT COUNT(*) FROM labels l WHERE l.item_id = items.id AND l.counts = 1)
  WHERE label_id IS NOT NULL;

-- The order of the queue, and the order of arrival for what is removed first.
DROP INDEX items_state_class;
DROP INDEX items_state_service;
DROP INDEX items_state_class_service;
CREATE INDEX items_state_place ON items (state, place, id);
CREATE INDEX items_state_class ON items (state, class, place, id);
CREATE INDEX items_state_service ON items (state, service, place, id);
CREATE INDEX items_state_class_service ON items (state, class, service, place, id);
CREATE INDEX items_queue ON items (state, queue, place, id);
CREATE INDEX items_assignee ON items (assignee, state, place, id) WHERE assignee <> '';

-- Claims are short: those of the version before are let go.
DROP TABLE claims;
CREATE TABLE claims (
  holder   TEXT PRIMARY KEY, -- has one item at a time
  item_id  BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  name     TEXT NOT NULL,
  until_ns BIGINT NOT NULL
);
CREATE INDEX claims_item ON claims (item_id);

ALTER TABLE signals ADD COLUMN name TEXT NOT NULL DEFAULT ''; -- that a person gave
ALTER TABLE signals ADD COLUMN target TEXT NOT NULL DEFAULT ''; -- what it is merged into
ALTER TABLE signals ADD COLUMN via TEXT NOT NULL DEFAULT ''; -- the part of the target that it had been merged into first
CREATE INDEX signals_target ON signals (target) WHERE target <> '';

-- The definition of the queues that the items were last put into.
CREATE TABLE queues (
  id         INTEGER PRIMARY KEY,
  definition TEXT NOT NULL
);

-- +goose Down
DROP TABLE queues;
DROP INDEX signals_target;
ALTER TABLE signals DROP COLUMN via;
ALTER TABLE signals DROP COLUMN target;
ALTER TABLE signals DROP COLUMN name;
DROP TABLE claims;
CREATE TABLE claims (
  item_id  BIGINT PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
  holder   TEXT NOT NULL UNIQUE,
  name     TEXT NOT NULL,
  until_ns BIGINT NOT NULL
);
DROP INDEX items_assignee;
DROP INDEX items_queue;
DROP INDEX items_state_class_service;
DROP INDEX items_state_service;
DROP INDEX items_state_class;
DROP INDEX items_state_place;
CREATE INDEX items_state_class ON items (state, class, id);
CREATE INDEX items_state_service ON items (state, service, id);
CREATE INDEX items_state_class_service ON items (state, class, service, id);
ALTER TABLE items DROP COLUMN assignee;
ALTER TABLE items DROP COLUMN place;
ALTER TABLE items DROP COLUMN judged;
ALTER TABLE items DROP COLUMN reviewers;
ALTER TABLE items DROP COLUMN queue;
DROP INDEX labels_person;
ALTER TABLE labels DROP COLUMN counts;
ALTER TABLE labels DROP COLUMN person;
ALTER TABLE labels DROP COLUMN remarks;
