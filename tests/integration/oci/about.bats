#!/usr/bin/env bats
# What the runtime says of itself and of how it was called: version, help, usage errors, the log.

load ../../lib/oci

@test "--version is what dockerd reads" {
  run "$RUNTIME" --version
  expect 0 "version " "spec: "
  [[ ${lines[0]} == *" version "* ]]
  run grep -c '^commit: ' <<<"$output"
  expect 0 1
}

@test "an unknown verb and an unknown option are errors" {
  run rt frobnicate
  expect nonzero frobnicate
  run rt create --frobnicate "$ID"
  expect 1 frobnicate
}

@test "--log takes the error as JSON and stderr as text" {
  make_bundle
  run rt --log "$T/log-$ID.json" --log-format json create --bundle "$T/no-such-bundle" "$ID"
  expect 1
  [ -n "$output" ]
  jq -es 'length >= 1 and .[-1].level == "error" and (.[-1].msg | length) > 5 and .[-1].time' "$T/log-$ID.json" >/dev/null ||
    fail "$(cat "$T/log-$ID.json")"
}
