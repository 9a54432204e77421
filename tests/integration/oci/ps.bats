#!/usr/bin/env bats
# ps: the processes of a container.

load ../../lib/oci

@test "ps lists the processes, as JSON and as a table" {
  make_bundle
  command_line sleep 300
  create --pid-file "$T/pid-$ID"
  rt start "$ID"
  run rt ps --format json "$ID"
  expect 0
  [ "$output" = "[$(cat "$T/pid-$ID")]" ] || fail "$output"
  run rt ps "$ID"
  expect 0 "sleep 300"
  run rt ps "$ID" -o pid,comm
  expect 0 COMMAND
}

@test "ps: of a created container, with ps's own options, and what it refuses" {
  make_bundle
  command_line sleep 300
  create
  run rt ps --format json "$ID"
  expect 0 "["
  rt start "$ID"
  run rt ps --format table "$ID" aux
  expect 0 USER "sleep 300"
  run rt ps "$ID" -o comm
  expect 1 "PID field"
  run rt ps --format nosuch "$ID"
  expect 1 "invalid format option"
  rt kill "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  # As with runc: nothing but the heading.
  run rt ps "$ID"
  expect 0 PID
  expect_not "sleep 300"
  run rt ps --format json "$ID"
  expect 0
  ! ours || [ "$output" = "[]" ] || fail "$output"
}
