-- What cases can be narrowed by: the tags of labels, and scores.

-- +goose Up
CREATE TABLE tags (
  label_id BIGINT NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
  tag      TEXT NOT NULL,
  item_id  BIGINT NOT NULL,
  PRIMARY KEY (label_id, tag)
) WITHOUT ROWID;
CREATE INDEX tags_tag ON tags (tag, item_id);

-- The lowest of a scorer in an item, where it is below 1.
CREATE TABLE scores (
  item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  name    TEXT NOT NULL,
  value   DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (item_id, name)
) WITHOUT ROWID;
CREATE INDEX scores_value ON scores (name, value, item_id);
INSERT INTO tags SELECT DISTINCT l.id, t.value, l.item_id
  FROM (SELECT * FROM labels WHERE json_valid(remarks)) l, json_each(l.remarks, '$.tags') t;
-- Of a span that is nested deeper than SQLite reads, the scores are not known.
INSERT INTO scores SELECT s.item_id, v.key, MIN(v.value)
  FROM (SELECT item_id, data FROM spans WHERE json_valid(data)) s, json_each(s.data, '$.scores') v
  WHERE v.value < 1 GROUP BY 1, 2;

-- +goose Down
DROP TABLE scores;
DROP TABLE tags;
