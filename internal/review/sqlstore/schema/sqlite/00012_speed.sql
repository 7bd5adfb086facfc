-- The twin of what Postgres needed.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
