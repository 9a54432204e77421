#!/usr/bin/env bats
# kill: names and numbers of signals, whom they reach.

load ../../lib/oci

@test "kill takes names with and without SIG, numbers, and refuses nonsense" {
  local signal
  for signal in TERM SIGTERM 15; do
    make_bundle
    command_line sh -c 'trap "exit 0" TERM; while true; do sleep 0.05; done'
    ID=k$BATS_TEST_NUMBER-$signal
    create
    rt start "$ID"
    sleep 0.2
    rt kill "$ID" "$signal"
    wait_until 5 has_status "$ID" stopped
    rt delete "$ID"
  done
  create
  run rt kill "$ID" NOSUCH
  expect 1
}

@test "kill of a stopped container says so; kill --all is content" {
  make_bundle
  command_line true
  create
  rt start "$ID"
  wait_until 5 has_status "$ID" stopped
  run rt kill "$ID" TERM
  expect 1 "not running"
  run rt kill --all "$ID" KILL
  expect 0
}

@test "kill --all reaches the children" {
  make_bundle '.linux.namespaces |= map(select(.type != "pid"))'
  command_line sh -c 'sleep 301 & sleep 302'
  create
  rt start "$ID"
  wait_until 5 eval '[ "$(rt ps --format json "$ID" | jq length)" -ge 2 ]'
  rt kill --all "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  rt delete "$ID"
  expect_nothing_left
}
