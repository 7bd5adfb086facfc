-- What people said beside what scorers said, without reading whole spans.

-- +goose Up
ALTER TABLE spans ADD COLUMN opinions TEXT NOT NULL DEFAULT ''; -- a line a scorer, '-' for none; '' where only data has them
CREATE INDEX items_labelled ON items (received_ns, id) WHERE label_id IS NOT NULL;
CREATE INDEX items_arrived ON items (state, received_ns, service);
CREATE INDEX labels_given ON labels (created_ns, reviewer, decision);

-- +goose Down
DROP INDEX labels_given;
DROP INDEX items_arrived;
DROP INDEX items_labelled;
ALTER TABLE spans DROP COLUMN opinions;
