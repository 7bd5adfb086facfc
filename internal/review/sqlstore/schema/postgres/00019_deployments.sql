-- A merged change is not deployed yet: until then, failures of the deployments from before do not count.

-- +goose Up
ALTER TABLE items ADD COLUMN service_version TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE spans ADD COLUMN service_version TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE signals ADD COLUMN deploys_ns BIGINT NOT NULL DEFAULT 0; -- until when they do not count, 0 for at once
ALTER TABLE signals ADD COLUMN deployments TEXT NOT NULL DEFAULT ''; -- JSON list: those that were seen before

-- +goose Down
ALTER TABLE signals DROP COLUMN deployments;
ALTER TABLE signals DROP COLUMN deploys_ns;
ALTER TABLE spans DROP COLUMN service_version;
ALTER TABLE items DROP COLUMN service_version;
