-- The columns that the root cause is computed from. Spans of version 1 are read from data, where their JSON is not nested
-- deeper than SQLite reads; items keep their verdict until a new span of the trace arrives.

-- +goose Up
ALTER TABLE spans ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';
ALTER TABLE spans ADD COLUMN classes TEXT NOT NULL DEFAULT ''; -- JSON list, '' for none
ALTER TABLE spans ADD COLUMN cause TEXT NOT NULL DEFAULT ''; -- JSON object, '' for an empty one
ALTER TABLE items ADD COLUMN classes TEXT NOT NULL DEFAULT ''; -- of the primary span

UPDATE spans SET
  parent_id = COALESCE(json_extract(data, '$.parent_id'), ''),
  classes = COALESCE(json_extract(data, '$.classes'), ''),
  cause = json_object(
    'error', json(CASE WHEN json_extract(data, '$.error') THEN 'true' ELSE 'false' END),
    'agent', json(CASE WHEN json_extract(data, '$.call.operation') = 'invoke_agent' THEN 'true' ELSE 'false' END))
WHERE json_valid(data);

-- A safety finding that is not the root cause must be found too.
CREATE INDEX spans_unsafe ON spans (item_id) WHERE class = 'unsafe';

UPDATE items SET classes = COALESCE(
  (SELECT s.classes FROM spans s WHERE s.item_id = items.id AND s.span_id = items.primary_span_id), '');

-- +goose Down
DROP INDEX spans_unsafe;
ALTER TABLE items DROP COLUMN classes;
ALTER TABLE spans DROP COLUMN cause;
ALTER TABLE spans DROP COLUMN classes;
ALTER TABLE spans DROP COLUMN parent_id;
