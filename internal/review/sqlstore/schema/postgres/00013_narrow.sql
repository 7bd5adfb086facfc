-- What cases can be narrowed by: the tags of labels, and scores.

-- +goose Up
CREATE TABLE tags (
  label_id BIGINT NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
  tag      TEXT COLLATE "C" NOT NULL,
  item_id  BIGINT NOT NULL,
  PRIMARY KEY (label_id, tag)
);
CREATE INDEX tags_tag ON tags (tag, item_id);

-- The lowest of a scorer in an item, where it is below 1.
CREATE TABLE scores (
  item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  name    TEXT COLLATE "C" NOT NULL,
  value   DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (item_id, name)
);
CREATE INDEX scores_value ON scores (name, value, item_id);
INSERT INTO tags SELECT DISTINCT l.id, t.value, l.item_id
  FROM labels l, json_array_elements_text(CASE WHEN l.remarks LIKE '%"tags"%' THEN l.remarks::json -> 'tags' END) t;
-- Of a span that the database cannot read as JSON, the scores are not known.
-- +goose StatementBegin
CREATE FUNCTION scores_of(data TEXT) RETURNS JSON LANGUAGE plpgsql AS $$ BEGIN
  RETURN data::json -> 'scores';
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END; $$;
-- +goose StatementEnd
INSERT INTO scores SELECT s.item_id, v.key, MIN(v.value::DOUBLE PRECISION)
  FROM spans s, json_each_text(scores_of(s.data)) v WHERE v.value::DOUBLE PRECISION < 1 GROUP BY 1, 2;
DROP FUNCTION scores_of;

-- +goose Down
DROP TABLE scores;
DROP TABLE tags;
