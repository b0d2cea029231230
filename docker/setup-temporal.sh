#!/bin/sh
# Creates the namespace and registers the search attributes of all runs; keeps what already exists. Reads
# TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and, for a new namespace, TEMPORAL_RETENTION.
# test/unit/compose.test.ts checks that the attributes are the same as in the code.
set -eu

namespace="${TEMPORAL_NAMESPACE:-default}"
# How long closed runs stay visible: 90 days, long enough for a model that is monitored monthly.
retention="${TEMPORAL_RETENTION:-2160h}"

# Repeats a command every second until it succeeds, at most 60 times. Prints its output only if it never succeeds.
until_done() {
  tries=0
  until printed=$("$@" 2>&1); do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { printf '%s\n' "$printed" >&2; exit 1; }
    sleep 1
  done
}

make_namespace() {
  temporal operator namespace describe --namespace "$namespace" && return
  temporal operator namespace create --namespace "$namespace" --retention "$retention"
}

list_attributes() {
  temporal operator search-attribute list --namespace "$namespace"
}

until_done make_namespace
echo "namespace $namespace exists"

# The server's components learn of a new namespace one after another, so this may fail at first.
until_done list_attributes
known="$printed"

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
