-- +goose Up
-- modify "changes" table
ALTER TABLE "changes" ADD COLUMN "event_keys" bytea NULL;
