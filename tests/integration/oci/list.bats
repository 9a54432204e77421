#!/usr/bin/env bats
# list: table, JSON and ids.

load ../../lib/oci

@test "list shows the containers, as a table, as JSON and as ids" {
  make_bundle
  create
  run rt list
  expect 0 ID PID STATUS BUNDLE "$ID" created
  run rt list --quiet
  expect 0 "$ID"
  run rt list --format json
  expect 0
  jq -e ".[0].id == \"$ID\" and .[0].status == \"created\" and .[0].pid > 1" <<<"$output" >/dev/null || fail "$output"
}

@test "list and state leave alone what another runtime keeps in the same root" {
  make_bundle
  create
  mkdir -p "$T/root/foreign"
  echo '{"not": "ours"}' >"$T/root/foreign/state.json"
  run rt list --quiet
  rm -r "$T/root/foreign"
  ours || skip "this is about our own list"
  expect 0 "$ID"
  expect_not foreign
}

@test "list and state of stopped and paused containers; formats that do not exist" {
  start_sleeper
  rt pause "$ID"
  run rt list
  expect 0 "$ID" paused
  rt resume "$ID"
  rt kill "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  rt list --format json | jq -e '.[0].status == "stopped" and .[0].pid == 0'
  rt state "$ID" | jq -e '.status == "stopped" and .pid == 0 and .ociVersion and .bundle and .rootfs and .created'
  run rt list --format nosuch
  expect 1 "invalid format option"
}
