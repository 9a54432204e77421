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

@test "a created container ends with TERM, INT, HUP and QUIT, as its first process would" {
  ours || skip "a race in runc's own init"
  local signal
  for signal in TERM INT HUP QUIT; do
    make_bundle
    command_line true
    ID=k$BATS_TEST_NUMBER-$signal
    create
    rt kill "$ID" "$signal"
    wait_until 5 has_status "$ID" stopped
    rt delete "$ID"
  done
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

@test "kill without a pid namespace reaches everyone, also when init is gone already" {
  local round
  for round in init-alive init-gone; do
    ID=h$BATS_TEST_NUMBER-$round
    start_sleeper '.linux.namespaces |= map(select(.type != "pid"))'
    rt exec --detach "$ID" sleep 301 </dev/null >/dev/null 2>&1 3>&-
    rt exec --detach "$ID" sleep 302 </dev/null >/dev/null 2>&1 3>&-
    if [ "$round" = init-gone ]; then kill -9 "$(rt state "$ID" | jq .pid)"; sleep 0.1; fi
    run rt kill "$ID" KILL
    expect 0
    wait_until 5 has_status "$ID" stopped
    wait_until 5 eval "! pgrep -f 'sleep 30[12]' >/dev/null"
    rt delete "$ID"
  done
  expect_nothing_left
}

@test "kill without a signal, or with an empty one, is TERM" {
  local empty
  for empty in no yes; do
    ID=e$BATS_TEST_NUMBER-$empty
    make_bundle
    command_line sh -c 'trap "exit 0" TERM; while true; do sleep 0.05; done'
    create
    rt start "$ID"
    sleep 0.2
    if [ "$empty" = yes ]; then rt kill "$ID" ""; else rt kill "$ID"; fi
    wait_until 5 has_status "$ID" stopped
    rt delete "$ID"
  done
}
