#!/usr/bin/env bats
# pause and resume.

load ../../lib/oci

@test "pause stops the processes, resume lets them go on" {
  make_bundle
  command_line sh -c 'while true; do echo tick; sleep 0.02; done'
  create
  rt start "$ID"
  wait_until 5 eval 'container_output | grep -q tick'
  rt pause "$ID"
  has_status "$ID" paused
  local before
  before=$(container_output | wc -l)
  sleep 0.2
  [ "$(container_output | wc -l)" -eq "$before" ]
  rt resume "$ID"
  has_status "$ID" running
  wait_until 5 eval "[ \"\$(container_output | wc -l)\" -gt $before ]"
}

@test "pause and resume out of order are refused" {
  start_sleeper
  run rt resume "$ID"
  expect 1 "container not paused"
  rt pause "$ID"
  run rt pause "$ID"
  expect 1 "not running"
  run rt start "$ID"
  expect 1 "paused"
  rt resume "$ID"
  rt kill "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  run rt pause "$ID"
  expect 1 "not running"
}

@test "a paused container can be killed and deleted by force" {
  start_sleeper
  rt pause "$ID"
  rt kill "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  rt delete "$ID"
  start_sleeper
  rt pause "$ID"
  rt delete --force "$ID"
  expect_nothing_left
}
