-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- add column "sources" to table: "attribute_types"
ALTER TABLE `attribute_types` ADD COLUMN `sources` text NULL;
-- create "new_customers" table
CREATE TABLE `new_customers` (`id` integer NOT NULL, `public_id` integer NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `attributes` text NOT NULL, `provenance` text NOT NULL, `identity_count` integer NOT NULL DEFAULT (0), `part_id` integer NULL, PRIMARY KEY (`id`));
-- copy rows from old table "customers" to new temporary table "new_customers"
INSERT INTO `new_customers` (`id`, `public_id`, `created_at`, `updated_at`, `attributes`, `provenance`, `identity_count`) SELECT `id`, `public_id`, `created_at`, `updated_at`, `attributes`, `provenance`, `identity_count` FROM `customers`;
-- drop "customers" table after copying rows
DROP TABLE `customers`;
-- rename temporary table "new_customers" to "customers"
ALTER TABLE `new_customers` RENAME TO `customers`;
-- create index "customer_public_id" to table: "customers"
CREATE UNIQUE INDEX `customer_public_id` ON `customers` (`public_id`);
-- create index "customer_part_id" to table: "customers"
CREATE INDEX `customer_part_id` ON `customers` (`part_id`) WHERE part_id IS NOT NULL;
-- create "new_customer_handles" table
CREATE TABLE `new_customer_handles` (`id` integer NOT NULL, `customer_id` integer NULL, `birth_identity_id` integer NOT NULL, `seat_identity_id` integer NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- copy rows from old table "customer_handles" to new temporary table "new_customer_handles"
INSERT INTO `new_customer_handles` (`id`, `customer_id`, `birth_identity_id`, `seat_identity_id`, `created_at`) SELECT `id`, `customer_id`, `birth_identity_id`, `birth_identity_id`, `created_at` FROM `customer_handles`;
-- drop "customer_handles" table after copying rows
DROP TABLE `customer_handles`;
-- rename temporary table "new_customer_handles" to "customer_handles"
ALTER TABLE `new_customer_handles` RENAME TO `customer_handles`;
-- create index "customerhandle_customer_id" to table: "customer_handles"
CREATE INDEX `customerhandle_customer_id` ON `customer_handles` (`customer_id`);
-- create index "customerhandle_seat_identity_id" to table: "customer_handles"
CREATE INDEX `customerhandle_seat_identity_id` ON `customer_handles` (`seat_identity_id`);
-- create "new_identities" table
CREATE TABLE `new_identities` (`id` integer NOT NULL, `type_id` integer NOT NULL, `scope` text NOT NULL, `value` text NOT NULL, `key` blob NOT NULL, `derived_key` blob NULL, `customer_id` integer NULL, `source_id` integer NOT NULL, `shared` bool NOT NULL DEFAULT (false), `ruled` bool NOT NULL DEFAULT (false), `handed_at` datetime NULL, PRIMARY KEY (`id`));
-- copy rows from old table "identities" to new temporary table "new_identities"
INSERT INTO `new_identities` (`id`, `type_id`, `scope`, `value`, `key`, `derived_key`, `customer_id`, `source_id`, `shared`) SELECT `id`, `type_id`, `scope`, `value`, `key`, `derived_key`, `customer_id`, `source_id`, `shared` FROM `identities`;
-- drop "identities" table after copying rows
DROP TABLE `identities`;
-- rename temporary table "new_identities" to "identities"
ALTER TABLE `new_identities` RENAME TO `identities`;
-- create index "identity_key" to table: "identities"
CREATE UNIQUE INDEX `identity_key` ON `identities` (`key`);
-- create index "identity_customer_id_type_id" to table: "identities"
CREATE INDEX `identity_customer_id_type_id` ON `identities` (`customer_id`, `type_id`);
-- create index "identity_derived_key" to table: "identities"
CREATE INDEX `identity_derived_key` ON `identities` (`derived_key`) WHERE derived_key IS NOT NULL;
-- add column "arrived_at" to table: "identity_sets"
ALTER TABLE `identity_sets` ADD COLUMN `arrived_at` datetime NULL;
UPDATE `identity_sets` SET `arrived_at` = r.first FROM (SELECT set_id, min(received_at) AS first FROM `records` GROUP BY set_id) AS r WHERE r.set_id = `identity_sets`.`id`;
-- add column "operation_id" to table: "merges"
ALTER TABLE `merges` ADD COLUMN `operation_id` integer NULL;
-- create "audit_entries" table
CREATE TABLE `audit_entries` (`id` integer NOT NULL, `at` datetime NOT NULL, `kind` text NOT NULL, `identity_id` integer NULL, `other_id` integer NULL, `before_id` integer NULL, `after_id` integer NULL, `rule` text NOT NULL, `cause` text NOT NULL, `cause_id` integer NOT NULL, `actor` text NOT NULL, `reason` text NOT NULL, PRIMARY KEY (`id`));
-- create index "auditentry_at" to table: "audit_entries"
CREATE INDEX `auditentry_at` ON `audit_entries` (`at`);
-- create index "auditentry_identity_id_at" to table: "audit_entries"
CREATE INDEX `auditentry_identity_id_at` ON `audit_entries` (`identity_id`, `at`);
-- create index "auditentry_other_id_at" to table: "audit_entries"
CREATE INDEX `auditentry_other_id_at` ON `audit_entries` (`other_id`, `at`) WHERE other_id IS NOT NULL;
-- create index "auditentry_before_id_at" to table: "audit_entries"
CREATE INDEX `auditentry_before_id_at` ON `audit_entries` (`before_id`, `at`) WHERE before_id IS NOT NULL;
-- create index "auditentry_after_id_at" to table: "audit_entries"
CREATE INDEX `auditentry_after_id_at` ON `audit_entries` (`after_id`, `at`) WHERE before_id IS NOT NULL;
-- create "decisions" table
CREATE TABLE `decisions` (`operation_id` integer NOT NULL, `part` integer NOT NULL, `side` integer NOT NULL, `identity_id` integer NOT NULL, `kind` text NOT NULL, `since` datetime NULL, PRIMARY KEY (`operation_id`, `part`, `side`, `identity_id`));
-- create index "decision_identity_id" to table: "decisions"
CREATE INDEX `decision_identity_id` ON `decisions` (`identity_id`);
-- create "jobs" table
CREATE TABLE `jobs` (`id` integer NOT NULL, `kind` text NOT NULL, `subject` text NOT NULL, `actor` text NOT NULL, `state` text NOT NULL DEFAULT ('WAITING'), `done` integer NOT NULL DEFAULT (0), `total` integer NOT NULL DEFAULT (0), `changed` integer NOT NULL DEFAULT (0), `cursor` integer NOT NULL DEFAULT (0), `barrier` integer NOT NULL DEFAULT (0), `error` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, `leased_until` datetime NULL, `ended_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "job_state_id" to table: "jobs"
CREATE INDEX `job_state_id` ON `jobs` (`state`, `id`);
-- create "job_customers" table
CREATE TABLE `job_customers` (`job_id` integer NOT NULL, `handle_id` integer NOT NULL, PRIMARY KEY (`job_id`, `handle_id`));
-- create "merge_sides" table
CREATE TABLE `merge_sides` (`merge_id` integer NOT NULL, `identity_id` integer NOT NULL, `survivor` bool NOT NULL, PRIMARY KEY (`merge_id`, `identity_id`));
-- create "operations" table
CREATE TABLE `operations` (`id` integer NOT NULL, `kind` text NOT NULL, `reason` text NOT NULL, `actor` text NOT NULL, `at` datetime NOT NULL, `active` bool NOT NULL DEFAULT (true), `undone_by_id` integer NULL, `subject_id` integer NULL, `subject_key` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- create index "operation_at" to table: "operations"
CREATE INDEX `operation_at` ON `operations` (`at`);
-- create "set_mentions" table
CREATE TABLE `set_mentions` (`set_id` integer NOT NULL, `key` blob NOT NULL, PRIMARY KEY (`set_id`, `key`));
-- create index "setmention_key" to table: "set_mentions"
CREATE INDEX `setmention_key` ON `set_mentions` (`key`);
-- Who was joined before limits counted is decided again, in the background.
INSERT INTO `jobs` (`id`, `kind`, `subject`, `actor`, `created_at`) SELECT 1, 'identity_type', '', 'upgrade', CAST(unixepoch('subsec') * 1000000 AS integer) WHERE EXISTS (SELECT 1 FROM `customers`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
