-- +goose Up
-- modify "api_keys" table
ALTER TABLE "api_keys" ADD COLUMN "previous_digest" bytea NULL, ADD COLUMN "previous_until" timestamptz NULL, ADD COLUMN "last_used_at" timestamptz NULL;
-- create index "api_keys_previous_digest_key" to table: "api_keys"
CREATE UNIQUE INDEX "api_keys_previous_digest_key" ON "api_keys" ("previous_digest");
-- modify "segments" table
ALTER TABLE "segments" ADD COLUMN "masked" boolean NOT NULL DEFAULT false;
