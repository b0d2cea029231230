#!/bin/sh
# Creates the two databases of the Temporal server and upgrades their tables to the schema files of this image. Keeps
# existing data, so it can run before each start. `temporal-sql-tool` reads SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and
# SQL_PASSWORD.
set -eu

schema="${TEMPORAL_SCHEMA_DIR:-/etc/temporal/schema}/postgresql/v12"

for part in temporal:temporal temporal_visibility:visibility; do
  database="${part%%:*}"
  folder="${part##*:}"
  temporal-sql-tool --database "$database" create-database
  # Creates the tables that record the schema version; an existing database keeps its version.
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-dir "$schema/$folder/versioned"
done
