-- What a judge found makes an item. Its bit of items.sources is 32.

-- +goose Up
CREATE INDEX items_judge ON items (id) WHERE (sources & 32) <> 0;

-- +goose Down
DROP INDEX items_judge;
