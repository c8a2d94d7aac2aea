-- +goose Up
-- add column "event_keys" to table: "changes"
ALTER TABLE `changes` ADD COLUMN `event_keys` blob NULL;
