-- +goose Up
-- create "api_keys" table
CREATE TABLE `api_keys` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `name` text NOT NULL, `digest` blob NOT NULL, `hint` text NOT NULL, `scopes` json NOT NULL, `created_at` datetime NOT NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL);
-- create index "api_keys_name_key" to table: "api_keys"
CREATE UNIQUE INDEX `api_keys_name_key` ON `api_keys` (`name`);
-- create index "api_keys_digest_key" to table: "api_keys"
CREATE UNIQUE INDEX `api_keys_digest_key` ON `api_keys` (`digest`);
-- create "attribute_types" table
CREATE TABLE `attribute_types` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `name` text NOT NULL, `survivorship` text NOT NULL DEFAULT ('LATEST'));
-- create index "attribute_types_name_key" to table: "attribute_types"
CREATE UNIQUE INDEX `attribute_types_name_key` ON `attribute_types` (`name`);
-- create "campaigns" table
CREATE TABLE `campaigns` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `key` text NOT NULL, `name` text NOT NULL, `state` text NOT NULL DEFAULT ('DRAFT'), `stage` text NULL, `channel` text NOT NULL, `segment_id` integer NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL);
-- create index "campaigns_key_key" to table: "campaigns"
CREATE UNIQUE INDEX `campaigns_key_key` ON `campaigns` (`key`);
-- create "changes" table
CREATE TABLE `changes` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `tx_number` integer NOT NULL, `at` datetime NOT NULL, `kind` text NOT NULL, `customer_id` integer NULL, `set_id` integer NULL, `subject_id` integer NULL, `events` integer NOT NULL DEFAULT (0));
-- create index "change_tx_number" to table: "changes"
CREATE INDEX `change_tx_number` ON `changes` (`tx_number`);
-- create "channels" table
CREATE TABLE `channels` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `name` text NOT NULL);
-- create index "channels_name_key" to table: "channels"
CREATE UNIQUE INDEX `channels_name_key` ON `channels` (`name`);
-- create "customers" table
CREATE TABLE `customers` (`id` integer NOT NULL, `public_id` integer NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `attributes` text NOT NULL, `provenance` text NOT NULL, `identity_count` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- create index "customer_public_id" to table: "customers"
CREATE UNIQUE INDEX `customer_public_id` ON `customers` (`public_id`);
-- create "customer_handles" table
CREATE TABLE `customer_handles` (`id` integer NOT NULL, `customer_id` integer NULL, `birth_identity_id` integer NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "customerhandle_customer_id" to table: "customer_handles"
CREATE INDEX `customerhandle_customer_id` ON `customer_handles` (`customer_id`);
-- create "customer_tags" table
CREATE TABLE `customer_tags` (`id` integer NOT NULL, `handle_id` integer NOT NULL, `customer_id` integer NOT NULL, `tag_id` integer NOT NULL, `value` text NOT NULL, `score` real NULL, `computed_at` datetime NOT NULL, `valid_until` datetime NULL, `source` text NOT NULL, `current` bool NOT NULL DEFAULT (true), PRIMARY KEY (`id`));
-- create index "customertag_handle_id_tag_id" to table: "customer_tags"
CREATE UNIQUE INDEX `customertag_handle_id_tag_id` ON `customer_tags` (`handle_id`, `tag_id`);
-- create index "customertag_customer_id" to table: "customer_tags"
CREATE INDEX `customertag_customer_id` ON `customer_tags` (`customer_id`);
-- create index "customertag_tag_id_customer_id" to table: "customer_tags"
CREATE INDEX `customertag_tag_id_customer_id` ON `customer_tags` (`tag_id`, `customer_id`);
-- create "email_hashes" table
CREATE TABLE `email_hashes` (`hash` text NOT NULL, PRIMARY KEY (`hash`));
-- create "events" table
CREATE TABLE `events` (`set_id` integer NOT NULL, `occurred_at` datetime NOT NULL, `id` integer NOT NULL, `received_at` datetime NOT NULL, `name_id` integer NOT NULL, `source_id` integer NOT NULL, `channel_id` integer NULL, `amount` integer NULL, `properties` text NOT NULL, PRIMARY KEY (`set_id`, `occurred_at`, `id`));
-- create index "event_name_id_occurred_at_set_id" to table: "events"
CREATE INDEX `event_name_id_occurred_at_set_id` ON `events` (`name_id`, `occurred_at`, `set_id`);
-- create "event_names" table
CREATE TABLE `event_names` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `name` text NOT NULL);
-- create index "event_names_name_key" to table: "event_names"
CREATE UNIQUE INDEX `event_names_name_key` ON `event_names` (`name`);
-- create "id_blocks" table
CREATE TABLE `id_blocks` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `next` integer NOT NULL);
-- create "identities" table
CREATE TABLE `identities` (`id` integer NOT NULL, `type_id` integer NOT NULL, `scope` text NOT NULL, `value` text NOT NULL, `key` blob NOT NULL, `derived_key` blob NULL, `customer_id` integer NULL, `source_id` integer NOT NULL, `shared` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`));
-- create index "identity_derived_key" to table: "identities"
CREATE INDEX `identity_derived_key` ON `identities` (`derived_key`) WHERE derived_key IS NOT NULL;
-- create index "identity_key" to table: "identities"
CREATE UNIQUE INDEX `identity_key` ON `identities` (`key`);
-- create index "identity_customer_id_type_id" to table: "identities"
CREATE INDEX `identity_customer_id_type_id` ON `identities` (`customer_id`, `type_id`);
-- create "identity_sets" table
CREATE TABLE `identity_sets` (`id` integer NOT NULL, `digest` blob NOT NULL, `claims` text NOT NULL, `anchor_id` integer NULL, PRIMARY KEY (`id`));
-- create index "identityset_digest" to table: "identity_sets"
CREATE UNIQUE INDEX `identityset_digest` ON `identity_sets` (`digest`);
-- create "identity_set_members" table
CREATE TABLE `identity_set_members` (`set_id` integer NOT NULL, `identity_id` integer NOT NULL, PRIMARY KEY (`set_id`, `identity_id`));
-- create index "identitysetmember_identity_id" to table: "identity_set_members"
CREATE INDEX `identitysetmember_identity_id` ON `identity_set_members` (`identity_id`);
-- create "identity_types" table
CREATE TABLE `identity_types` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `name` text NOT NULL, `strength` text NOT NULL, `priority` real NOT NULL, `max_per_customer` integer NULL, `limit_window` text NOT NULL DEFAULT (''), `on_conflict` text NOT NULL, `max_owners` integer NULL, `normalizer` text NOT NULL, `scope` text NOT NULL, `requires_verified` bool NOT NULL DEFAULT (false), `sensitive` bool NOT NULL DEFAULT (false), `blocked` json NOT NULL);
-- create index "identity_types_name_key" to table: "identity_types"
CREATE UNIQUE INDEX `identity_types_name_key` ON `identity_types` (`name`);
-- create "merges" table
CREATE TABLE `merges` (`id` integer NOT NULL, `survivor_id` integer NOT NULL, `merged_id` integer NOT NULL, `cause` text NOT NULL, `reason` text NOT NULL, `actor` text NOT NULL, `record_id` integer NULL, `merged_at` datetime NOT NULL, `undone_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "merge_survivor_id" to table: "merges"
CREATE INDEX `merge_survivor_id` ON `merges` (`survivor_id`);
-- create index "merge_merged_id" to table: "merges"
CREATE INDEX `merge_merged_id` ON `merges` (`merged_id`);
-- create "observations" table
CREATE TABLE `observations` (`set_id` integer NOT NULL, `attribute_id` integer NOT NULL, `observed_at` datetime NOT NULL, `record_id` integer NOT NULL, `source_id` integer NOT NULL, `value` text NOT NULL, PRIMARY KEY (`set_id`, `attribute_id`, `observed_at`, `record_id`));
-- create "records" table
CREATE TABLE `records` (`source_id` integer NOT NULL, `message_id` text NOT NULL, `id` integer NOT NULL, `set_id` integer NOT NULL, `channel_id` integer NULL, `occurred_at` datetime NOT NULL, `received_at` datetime NOT NULL, `digest` integer NOT NULL, `quiet` bool NOT NULL, `withdrawn` bool NOT NULL DEFAULT (false), PRIMARY KEY (`source_id`, `message_id`));
-- create index "record_set_id_occurred_at_id" to table: "records"
CREATE INDEX `record_set_id_occurred_at_id` ON `records` (`set_id`, `occurred_at`, `id`) WHERE quiet;
-- create "segments" table
CREATE TABLE `segments` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `key` text NOT NULL, `name` text NOT NULL, `description` text NOT NULL DEFAULT (''), `rule` text NOT NULL, `time_zone` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL);
-- create index "segments_key_key" to table: "segments"
CREATE UNIQUE INDEX `segments_key_key` ON `segments` (`key`);
-- create "set_owners" table
CREATE TABLE `set_owners` (`set_id` integer NOT NULL, `since` datetime NOT NULL, `dated` bool NOT NULL DEFAULT (false), `until` datetime NOT NULL, `customer_id` integer NOT NULL, PRIMARY KEY (`set_id`, `since`));
-- create index "setowner_customer_id" to table: "set_owners"
CREATE INDEX `setowner_customer_id` ON `set_owners` (`customer_id`);
-- create "settings" table
CREATE TABLE `settings` (`name` text NOT NULL, `value` text NOT NULL, PRIMARY KEY (`name`));
-- create "sources" table
CREATE TABLE `sources` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `name` text NOT NULL);
-- create index "sources_name_key" to table: "sources"
CREATE UNIQUE INDEX `sources_name_key` ON `sources` (`name`);
-- create "tags" table
CREATE TABLE `tags` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `key` text NOT NULL, `name` text NOT NULL, `kind` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `definition` text NOT NULL, `created_at` datetime NOT NULL);
-- create index "tags_key_key" to table: "tags"
CREATE UNIQUE INDEX `tags_key_key` ON `tags` (`key`);
