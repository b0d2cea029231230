#!/bin/sh
# Makes the namespace if it is absent, and registers the search attributes that every run carries. What exists is left
# alone. Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and, for a new namespace, TEMPORAL_RETENTION.
# test/unit/compose.test.ts compares the attributes with those of the code.
set -eu

namespace="${TEMPORAL_NAMESPACE:-default}"
# How long a closed run can be looked at: as long as a model that is monitored monthly needs.
retention="${TEMPORAL_RETENTION:-2160h}"

# Runs a command until it succeeds, a second apart, 60 times at most; its output is shown only if it never does.
until_done() {
  tries=0
  until said=$("$@" 2>&1); do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { printf '%s\n' "$said" >&2; exit 1; }
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
echo "namespace $namespace is there"

# The parts of the server learn of a new namespace one after another.
until_done list_attributes
known="$said"

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
