-- The words of the search index. It stores nothing: it reads the index.

-- +goose Up
CREATE VIRTUAL TABLE words USING fts5vocab (search, 'instance');

-- +goose Down
DROP TABLE words;
