#!/bin/sh
# Makes the two databases of the Temporal server and brings their tables to the version of this image's schema files.
# What is there is kept, so it can run before each start. `temporal-sql-tool` reads SQL_PLUGIN, SQL_HOST, SQL_PORT,
# SQL_USER and SQL_PASSWORD.
set -eu

schema="${TEMPORAL_SCHEMA_DIR:-/etc/temporal/schema}/postgresql/v12"

for part in temporal:temporal temporal_visibility:visibility; do
  database="${part%%:*}"
  folder="${part##*:}"
  temporal-sql-tool --database "$database" create-database
  # Makes the tables in which the versions are kept; a database that is further keeps its version.
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-dir "$schema/$folder/versioned"
done
