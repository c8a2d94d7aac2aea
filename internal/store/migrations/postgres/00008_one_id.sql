-- +goose Up
-- modify "attribute_types" table
ALTER TABLE "attribute_types" ADD COLUMN "sources" jsonb NULL;
-- modify "customer_handles" table
ALTER TABLE "customer_handles" ADD COLUMN "seat_identity_id" bigint NULL;
UPDATE "customer_handles" SET "seat_identity_id" = "birth_identity_id";
ALTER TABLE "customer_handles" ALTER COLUMN "seat_identity_id" SET NOT NULL;
-- create index "customerhandle_seat_identity_id" to table: "customer_handles"
CREATE INDEX "customerhandle_seat_identity_id" ON "customer_handles" ("seat_identity_id");
-- modify "customers" table
ALTER TABLE "customers" ADD COLUMN "part_id" bigint NULL;
-- create index "customer_part_id" to table: "customers"
CREATE INDEX "customer_part_id" ON "customers" ("part_id") WHERE (part_id IS NOT NULL);
-- modify "identities" table
ALTER TABLE "identities" ADD COLUMN "ruled" boolean NOT NULL DEFAULT false, ADD COLUMN "handed_at" timestamptz NULL;
-- modify "identity_sets" table
ALTER TABLE "identity_sets" ADD COLUMN "arrived_at" timestamptz NULL;
UPDATE "identity_sets" SET "arrived_at" = r.first FROM (SELECT set_id, min(received_at) AS first FROM "records" GROUP BY set_id) AS r WHERE r.set_id = "identity_sets"."id";
-- modify "merges" table
ALTER TABLE "merges" ADD COLUMN "operation_id" bigint NULL;
-- create "audit_entries" table
CREATE TABLE "audit_entries" ("id" bigint NOT NULL, "at" timestamptz NOT NULL, "kind" character varying NOT NULL, "identity_id" bigint NULL, "other_id" bigint NULL, "before_id" bigint NULL, "after_id" bigint NULL, "rule" character varying NOT NULL, "cause" character varying NOT NULL, "cause_id" bigint NOT NULL, "actor" character varying NOT NULL, "reason" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "auditentry_at" to table: "audit_entries"
CREATE INDEX "auditentry_at" ON "audit_entries" ("at");
-- create index "auditentry_identity_id_at" to table: "audit_entries"
CREATE INDEX "auditentry_identity_id_at" ON "audit_entries" ("identity_id", "at");
-- create index "auditentry_other_id_at" to table: "audit_entries"
CREATE INDEX "auditentry_other_id_at" ON "audit_entries" ("other_id", "at") WHERE (other_id IS NOT NULL);
-- create index "auditentry_before_id_at" to table: "audit_entries"
CREATE INDEX "auditentry_before_id_at" ON "audit_entries" ("before_id", "at") WHERE (before_id IS NOT NULL);
-- create index "auditentry_after_id_at" to table: "audit_entries"
CREATE INDEX "auditentry_after_id_at" ON "audit_entries" ("after_id", "at") WHERE (before_id IS NOT NULL);
-- create "decisions" table
CREATE TABLE "decisions" ("operation_id" bigint NOT NULL, "part" bigint NOT NULL, "side" bigint NOT NULL, "identity_id" bigint NOT NULL, "kind" character varying NOT NULL, "since" timestamptz NULL, PRIMARY KEY ("operation_id", "part", "side", "identity_id"));
-- create index "decision_identity_id" to table: "decisions"
CREATE INDEX "decision_identity_id" ON "decisions" ("identity_id");
-- create "jobs" table
CREATE TABLE "jobs" ("id" bigint NOT NULL, "kind" character varying NOT NULL, "subject" character varying NOT NULL, "actor" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'WAITING', "done" bigint NOT NULL DEFAULT 0, "total" bigint NOT NULL DEFAULT 0, "changed" bigint NOT NULL DEFAULT 0, "cursor" bigint NOT NULL DEFAULT 0, "barrier" bigint NOT NULL DEFAULT 0, "error" character varying NOT NULL DEFAULT '', "created_at" timestamptz NOT NULL, "leased_until" timestamptz NULL, "ended_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "job_state_id" to table: "jobs"
CREATE INDEX "job_state_id" ON "jobs" ("state", "id");
-- create "job_customers" table
CREATE TABLE "job_customers" ("job_id" bigint NOT NULL, "handle_id" bigint NOT NULL, PRIMARY KEY ("job_id", "handle_id"));
-- create "merge_sides" table
CREATE TABLE "merge_sides" ("merge_id" bigint NOT NULL, "identity_id" bigint NOT NULL, "survivor" boolean NOT NULL, PRIMARY KEY ("merge_id", "identity_id"));
-- create "operations" table
CREATE TABLE "operations" ("id" bigint NOT NULL, "kind" character varying NOT NULL, "reason" character varying NOT NULL, "actor" character varying NOT NULL, "at" timestamptz NOT NULL, "active" boolean NOT NULL DEFAULT true, "undone_by_id" bigint NULL, "subject_id" bigint NULL, "subject_key" character varying NOT NULL DEFAULT '', PRIMARY KEY ("id"));
-- create index "operation_at" to table: "operations"
CREATE INDEX "operation_at" ON "operations" ("at");
-- create "set_mentions" table
CREATE TABLE "set_mentions" ("set_id" bigint NOT NULL, "key" bytea NOT NULL, PRIMARY KEY ("set_id", "key"));
-- create index "setmention_key" to table: "set_mentions"
CREATE INDEX "setmention_key" ON "set_mentions" ("key");
-- Who was joined before limits counted is decided again, in the background.
INSERT INTO "jobs" ("id", "kind", "subject", "actor", "created_at") SELECT 1, 'identity_type', '', 'upgrade', now() WHERE EXISTS (SELECT 1 FROM "customers");
