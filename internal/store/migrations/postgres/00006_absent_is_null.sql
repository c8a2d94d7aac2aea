-- +goose Up
-- What has no derived key was stored with an empty one, which filled the index over those that have.
UPDATE "identities" SET "derived_key" = NULL WHERE length("derived_key") = 0;
