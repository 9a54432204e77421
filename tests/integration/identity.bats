#!/usr/bin/env bats
# Who is calling, in containers: by the kernel's record of who connected, and by a search of the container's processes. What
# both can tell is tested both ways. The numbers are those of the attack checklist.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

setup() {
  need_ours
  need_docker
  ID=i$BATS_TEST_NUMBER
  cp "$T/config.yaml" "$T/config.saved"
}

teardown() {
  remove_docker_containers
  [ ! -e "$T/config.saved" ] || mv "$T/config.saved" "$T/config.yaml"
}

# start_with record|search: a container whose callers are found in this way.
start_with() {
  [ "$1" = record ] || echo "connect_hook: false" >>"$T/config.yaml"
  start_agent
  run "$CTL" sandbox inspect "$FULL_ID" --config "$T/config.yaml"
  if [ "$1" = record ] && [[ $output != *"connect hook"* ]]; then
    skip "nothing notes who connects here: $(cat "$SANDBOX/hook.log" 2>/dev/null)"
  fi
  [ "$1" = record ] || expect 0 "search"
}

both_ways() {
  "$1" record
  docker rm -f "$ID" >/dev/null
  "$1" search
}

answered_by() { "$CTL" metrics --config "$T/config.yaml" | sed -n "s/^nemoclaw_identity_total{.*way=\"$1\".*} //p"; }

allowed_and_refused() {
  start_with "$1"
  run docker exec "$ID" curl -sS -m 20 "https://allowed.test/$1-good"
  expect 0 "hello to GET /$1-good"
  run docker exec "$ID" fetch -sS -m 20 "https://allowed.test/$1-bad"
  expect nonzero 403
  [ "$(origin_saw "/$1-bad")" -eq 0 ]
  run docker exec "$ID" sh -c "curl -sS -m 20 https://allowed.test/$1-child; true"
  expect 0 "hello to GET /$1-child"
  expect_audit '.verdict == "allow" and .actor.binary == "/usr/bin/curl" and (.actor.ancestors | length) == 1' "$FULL_ID"
  if [ "$1" = record ]; then [ "$(answered_by record)" -ge 3 ]; else [ "$(answered_by record)" -eq 0 ]; fi
}

@test "an allowed program passes and another one does not, by record and by search" {
  both_ways allowed_and_refused
}

# curl waits for its configuration, and holds what it was given.
shared() {
  start_with "$1"
  run docker exec "$ID" sh -c 'mkfifo /tmp/wait; timeout 20 probe-hand_over share allowed.test:443 /usr/bin/curl -K /tmp/wait'
  expect 0 "hand_over: HTTP/1.1 403"
  expect_audit '.verdict == "deny" and .code == "ambiguous_owner"' "$FULL_ID"
}

@test "G4 a connection that two programs hold is nobody's, by record and by search" {
  both_ways shared
}

holder_is_curl() {
  local pid
  docker top "$ID" -o pid | tail -n +2 | while read -r pid; do readlink "/proc/$pid/exe"; done | grep -qx /usr/bin/curl
}

# While the worker stands still, another program asks, and curl alone holds the connection when it goes on.
handed_over() {
  local worker
  worker=$(jq .worker "$SANDBOX/worker.json")
  kill -STOP "$worker"
  docker exec -d "$ID" sh -c "mkfifo /tmp/wait; probe-hand_over $1 allowed.test:443 /usr/bin/curl -K /tmp/wait"
  wait_until 10 holder_is_curl || { kill -CONT "$worker"; return 1; }
  kill -CONT "$worker"
  wait_until 10 expect_audit '.actor.pid > 0' "$FULL_ID"
}

@test "G4 a connection that was given to an allowed program is not taken for its own" {
  start_with record
  handed_over give
  expect_audit '.verdict == "deny" and .code == "ambiguous_owner"' "$FULL_ID"
  run audit_lines "$FULL_ID"
  expect_not '"verdict":"allow"'
}

@test "G5 a program that connects and becomes an allowed one is not taken for it" {
  start_with record
  handed_over exec
  expect_audit '.verdict == "deny" and .code == "ambiguous_owner"' "$FULL_ID"
  run audit_lines "$FULL_ID"
  expect_not '"verdict":"allow"'
}

# The map that holds the record, by its id.
map_is_there() {
  python3 -c '
import ctypes, struct, sys
attributes = ctypes.create_string_buffer(struct.pack("I", int(sys.argv[1])), 128)
libc = ctypes.CDLL(None)
sys.exit(libc.syscall(321 if __import__("os").uname().machine == "x86_64" else 280, 14, attributes, 128) < 0)' "$1"
}

@test "the record goes on after a crash of the worker and an upgrade of the proxy, and goes with the container" {
  start_with record
  local old map
  map=$(jq .connects "$SANDBOX/proxy.json")
  [ "$map" -gt 0 ]
  map_is_there "$map"
  old=$(jq .worker "$SANDBOX/worker.json")
  kill -9 "$old"
  wait_until 10 eval '[ "$(jq .worker "$SANDBOX/worker.json")" != "$old" ] && [ "$(jq -r .state "$SANDBOX/worker.json")" = running ]'
  run docker exec "$ID" curl -sS -m 20 https://allowed.test/crashed
  expect 0 "hello to GET /crashed"
  [ "$(answered_by record)" -ge 1 ]
  "$CTL" sandbox upgrade "$FULL_ID" --config "$T/config.yaml"
  run docker exec "$ID" curl -sS -m 20 https://allowed.test/upgraded
  expect 0 "hello to GET /upgraded"
  [ "$(answered_by record)" -ge 1 ]
  map_is_there "$map"
  docker rm -f "$ID" >/dev/null
  wait_until 20 eval '! map_is_there "$map"'
}
