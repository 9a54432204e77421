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
