#!/usr/bin/env bats
# events: usage and out-of-memory notices as JSON records.

load ../../lib/oci

@test "events --stats prints one record with what the kernel counts" {
  start_sleeper '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 44}}'
  run --separate-stderr rt events --stats "$ID"
  expect 0
  [ "${#lines[@]}" -eq 1 ]
  jq -e ".type == \"stats\" and .id == \"$ID\" and .data.cpu.usage.total > 0 and .data.memory.usage.usage > 0 and
    .data.memory.usage.limit == 67108864 and .data.pids.current == 1 and .data.pids.limit == 44 and
    (.data.memory.raw | length) > 5 and (.data.cpu.throttling | type) == \"object\" and (.data.blkio | type) == \"object\" and
    (.data.hugetlb | type) == \"object\" and (.data.memory.swap.failcnt | type) == \"number\"" <<<"$output" >/dev/null ||
    fail "$output"
}

@test "events prints a record every interval, until the container ends" {
  start_sleeper
  rt events --interval 100ms "$ID" >"$B/events" 3>&- &
  wait_until 10 eval '[ "$(grep -c stats "$B/events")" -ge 3 ]'
  rt kill "$ID" KILL
  wait %1
  jq -es "map(.id == \"$ID\" and .type == \"stats\") | all" "$B/events" >/dev/null || fail "$(cat "$B/events")"
}

@test "events tells of a process that was killed for want of memory" {
  make_bundle '.linux.resources += {memory: {limit: 33554432, swap: 33554432}}'
  command_line sh -c 'while [ ! -e /tmp/go ]; do sleep 0.05; done; (tail /dev/zero) ; sleep 300'
  configure '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["size=64k"]}]'
  create
  rt start "$ID"
  rt events --interval 100ms "$ID" >"$B/events" 3>&- &
  wait_until 10 grep -q stats "$B/events"
  rt exec "$ID" touch /tmp/go
  wait_until 20 grep -q '"type":"oom"' "$B/events" || fail "$(cat "$B/events")"
  grep -q "{\"type\":\"oom\",\"id\":\"$ID\"}" "$B/events"
  rt kill "$ID" KILL
  wait %1
}

@test "events of a container that has ended or does not exist, and of no interval" {
  run rt events "$ID"
  expect 1 "does not exist"
  make_bundle
  command_line true
  create
  rt start "$ID"
  wait_until 5 has_status "$ID" stopped
  run rt events --stats "$ID"
  expect 1 "not running"
  run rt events --interval 0s "$ID"
  expect 1 "interval"
}
