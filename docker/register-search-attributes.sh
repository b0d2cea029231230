#!/bin/sh
# Registers the search attributes that every run carries; those that exist are left alone.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE. test/unit/compose.test.ts holds the list and the code together.
set -eu

namespace="${TEMPORAL_NAMESPACE:-default}"

# A namespace that was just made is not known to every part of the server at once.
tries=0
until known=$(temporal operator search-attribute list --namespace "$namespace"); do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { echo "namespace $namespace cannot be read" >&2; exit 1; }
  sleep 1
done

for attribute in TidegateModel:Keyword TidegateStage:Keyword TidegateOutcome:Keyword TidegateVersion:Int; do
  name="${attribute%%:*}"
  type="${attribute##*:}"
  if printf '%s\n' "$known" | grep -qw "$name"; then
    echo "$name is registered"
  else
    temporal operator search-attribute create --namespace "$namespace" --name "$name" --type "$type"
    echo "registered $name as $type"
  fi
done
