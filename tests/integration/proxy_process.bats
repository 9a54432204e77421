#!/usr/bin/env bats
# The proxy's processes: crash and restart with the sockets kept, upgrade of the running program, the end.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

setup_file() {
  start_docker_suite
  # Programs of our own, so that a test can replace them while they run.
  mkdir "$T/programs"
  cp "$BUILD"/bin/nemoclaw-proxy "$BUILD"/bin/nemoclaw-proxy-worker "$T/programs/"
  echo "proxy_path: $T/programs/nemoclaw-proxy" >>"$T/config.yaml"
}

setup() {
  need_ours
  need_docker
  ID=p$BATS_TEST_NUMBER
}

holder() { jq .pid "$SANDBOX/proxy.json"; }
worker() { jq .worker "$SANDBOX/worker.json"; }
worker_is() { [ "$(jq -r "$1" "$SANDBOX/worker.json")" = "$2" ]; }
# A worker that serves, and is not the one given.
new_worker() { [ "$(worker)" != "$1" ] && worker_is .state running; }
# Within seconds or not at all: a request that gets no answer would wait for long.
request() { docker exec "$ID" curl -sS -m 20 "https://allowed.test/$1"; }

kill_worker() {
  local old
  old=$(worker)
  kill -9 "$old"
  wait_until 10 new_worker "$old"
}

# ---- crash --------------------------------------------------------------------------------------------------------

@test "H11 a worker that is killed is replaced, and requests that wait in the backlog are served" {
  start_agent
  request before >/dev/null
  local old clients=() client
  old=$(worker)
  kill -STOP "$old"
  for client in 1 2 3 4 5; do
    request "waiting-$client" >"$T/waiting-$client" 2>&1 3>&- &
    clients+=($!)
  done
  # Connected, and accepted by nobody.
  wait_until 10 eval '[ "$(nsenter -t $(holder) -n ss -Htn state established "( dport = :3128 )" | wc -l)" -ge 5 ]'
  kill -9 "$old"
  for client in "${clients[@]}"; do wait "$client"; done
  for client in 1 2 3 4 5; do
    grep -q "hello to GET /waiting-$client" "$T/waiting-$client" || fail "$(cat "$T/waiting-$client")"
  done
  wait_until 5 new_worker "$old"
  run "$CTL" sandbox inspect "$ID" --config "$T/config.yaml" --format json
  [ "$status" -ne 0 ]  # a name of Docker's is not an id
  run "$CTL" sandbox inspect "$FULL_ID" --config "$T/config.yaml"
  expect 0 "restarts 1" "signal 9" "alive"
  run "$CTL" sandbox list --config "$T/config.yaml"
  expect 0 RESTARTS alive
  expect_audit '.class_uid == 2004 and .title == "proxy worker ended" and (.cause | contains("signal 9")) and .restarts == "1"' \
    "$FULL_ID"
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
}

@test "H11 a worker that crashes again and again is started with a growing delay, and the chain holds" {
  start_agent
  local times
  for times in 1 2 3 4 5; do
    kill_worker
    run request "after-$times"
    expect 0 "hello to GET /after-$times"
  done
  worker_is .restarts 5
  [ "$(audit_lines "$FULL_ID" | jq -s '[.[] | select(.title == "proxy worker ended")] | length')" -eq 5 ]
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
  grep -q "starts in 400 ms" "$SANDBOX/hook.log"
}

@test "H11 half a line at the end of the audit is taken back, and that is said" {
  start_agent
  request one >/dev/null
  local old
  old=$(worker)
  kill -STOP "$old"
  printf '{"class_uid":4001,"verd' >>"$T/log/$FULL_ID/audit.jsonl"
  kill -9 "$old"
  wait_until 10 new_worker "$old"
  run request two
  expect 0 "hello to GET /two"
  expect_audit '.class_uid == 2004 and .title == "audit repaired" and .removed_bytes == "23"' "$FULL_ID"
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
}

@test "G8 a crash does not make the proxy trust what the agent changed meanwhile" {
  # /usr/bin/curl may be replaced in this container, as root with every right to do so.
  { sed 's/read_write: \[/read_write: [\/usr, /; s/ \/usr,//' "$T/policies/main.yaml"; } | write_current_policy
  docker run -d --runtime current --name "$ID" --add-host "allowed.test:$ORIGIN_IP" agent sleep 300 >/dev/null
  FULL_ID=$(docker inspect -f '{{.Id}}' "$ID")
  SANDBOX=$T/sb/$FULL_ID
  request before >/dev/null
  # As an attacker would through a bug of the image: from outside, so that no other layer is in the way.
  nsenter -t "$(docker inspect -f '{{.State.Pid}}' "$ID")" -m sh -c 'cp /usr/bin/curl /usr/bin/curl.new && echo >>/usr/bin/curl.new && mv /usr/bin/curl.new /usr/bin/curl'
  kill_worker
  run request after
  expect nonzero 403
  expect_audit '.verdict == "deny" and .code == "binary_integrity"' "$FULL_ID"
  [ "$(origin_saw /after$)" -eq 0 ]
}

@test "H11 without a holder there is no worker and no egress, and everything is cleaned" {
  start_agent
  local worker
  worker=$(worker)
  kill -9 "$(holder)"
  wait_until 5 not_running "$worker"
  run docker exec "$ID" curl -sS -m 5 https://allowed.test/without
  expect nonzero
  run "$CTL" sandbox list --config "$T/config.yaml"
  expect 0 dead
  run "$CTL" sandbox upgrade "$FULL_ID" --config "$T/config.yaml"
  expect 1 "no proxy that runs"
  docker restart -t 1 "$ID" >/dev/null
  run request again
  expect 0 "hello to GET /again"
  docker rm -f "$ID" >/dev/null
  expect_nothing_left
  [ "$(origin_saw /without)" -eq 0 ]
}

@test "after everything was killed at once the container starts again, with one proxy" {
  start_agent
  kill -9 "$(holder)" "$(docker inspect -f '{{.State.Pid}}' "$ID")"
  wait_until 15 eval '[ "$(docker inspect -f "{{.State.Running}}" "$ID")" = false ]'
  docker start "$ID" >/dev/null
  run request back
  expect 0 "hello to GET /back"
  [ "$(proxies_of_suite | grep -c "nemoclaw-proxy --")" -eq 1 ]
  [ "$(proxies_of_suite | grep -c "nemoclaw-proxy-worker --")" -eq 1 ]
  docker rm -f "$ID" >/dev/null
  expect_nothing_left
}

# ---- upgrade ------------------------------------------------------------------------------------------------------

# Another file at the same path, as a package manager installs it.
install_program() { cp "$2" "$T/programs/$1.new" && chmod 0755 "$T/programs/$1.new" && mv "$T/programs/$1.new" "$T/programs/$1"; }

@test "a running proxy is replaced by the installed version, and connections go on" {
  start_agent
  docker exec "$ID" curl -sS -m 30 -o /dev/null -w '%{size_download}' https://allowed.test/drip/3 >"$T/drip" 2>&1 3>&- &
  local client=$! old_worker old_holder
  wait_until 10 eval '[ "$(origin_saw "/drip/3")" -eq 1 ]'
  old_worker=$(worker) old_holder=$(holder)
  install_program nemoclaw-proxy "$BUILD/bin/nemoclaw-proxy"
  install_program nemoclaw-proxy-worker "$BUILD/bin/nemoclaw-proxy-worker"
  run "$CTL" sandbox upgrade "$FULL_ID" --config "$T/config.yaml"
  expect 0 upgraded
  [ "$(holder)" = "$old_holder" ]
  [ "$(worker)" != "$old_worker" ]
  [ "$(readlink "/proc/$old_holder/exe")" = "$T/programs/nemoclaw-proxy" ]
  [ "$(readlink "/proc/$(worker)/exe")" = "$T/programs/nemoclaw-proxy-worker" ]
  [[ $(readlink "/proc/$old_worker/exe") == *"(deleted)" ]]  # it still finishes its connection
  run request meanwhile
  expect 0 "hello to GET /meanwhile"
  wait "$client"
  [ "$(cat "$T/drip")" = 30 ]
  wait_until 5 not_running "$old_worker"
  worker_is .draining 0
  worker_is .restarts 0
  run request afterwards
  expect 0 "hello to GET /afterwards"
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
  docker rm -f "$ID" >/dev/null
  expect_nothing_left
}

# They were made by the policy that the old worker has, and nobody can ask it.
@test "a change of the policy ends what a replaced proxy still serves" {
  start_agent
  docker exec "$ID" curl -sS -m 60 -o /dev/null -w '%{size_download}' https://allowed.test/drip/30 >"$T/drip" 2>&1 3>&- &
  local client=$! old_worker older_worker
  wait_until 10 eval '[ "$(origin_saw "/drip/30")" -eq 1 ]'
  older_worker=$(worker)
  "$CTL" sandbox upgrade "$FULL_ID" --config "$T/config.yaml"
  old_worker=$(worker)
  "$CTL" sandbox upgrade "$FULL_ID" --config "$T/config.yaml"
  [ -e "/proc/$older_worker" ]
  sed 's/port: 443/port: 8443/' "$T/policies/main.yaml" >"$T/elsewhere.yaml"
  "$CTL" policy set "$FULL_ID" "$T/elsewhere.yaml" --config "$T/config.yaml"
  wait_until 10 not_running "$older_worker"
  wait_until 10 not_running "$old_worker"
  run wait "$client"
  [ "$status" -ne 0 ]
  run request refused
  expect nonzero 403
}

@test "a version that does not start changes nothing, and says why" {
  start_agent
  local old
  old=$(worker)
  printf '#!/bin/sh\nexit 3\n' >"$T/broken"
  install_program nemoclaw-proxy-worker "$T/broken"
  run "$CTL" sandbox upgrade "$FULL_ID" --config "$T/config.yaml"
  install_program nemoclaw-proxy-worker "$BUILD/bin/nemoclaw-proxy-worker"
  expect 1 "failed" "old version goes on"
  install_program nemoclaw-proxy "$T/broken"
  run "$CTL" sandbox upgrade --all --config "$T/config.yaml"
  install_program nemoclaw-proxy "$BUILD/bin/nemoclaw-proxy"
  install_program nemoclaw-proxy-worker "$BUILD/bin/nemoclaw-proxy-worker"
  expect 1 "does not start"
  [ "$(worker)" = "$old" ]
  run request still
  expect 0 "hello to GET /still"
  run "$CTL" sandbox upgrade --all --config "$T/config.yaml"
  expect 0 upgraded
  run request new
  expect 0 "hello to GET /new"
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
}

# ---- the end ------------------------------------------------------------------------------------------------------

@test "a stop with open connections is quick, audits their end, and leaves nothing" {
  start_agent
  docker exec "$ID" curl -sS -m 60 -o /dev/null https://allowed.test/drip/50 3>&- &
  wait_until 10 eval '[ "$(origin_saw "/drip/50")" -eq 1 ]'
  docker rm -f "$ID" >/dev/null
  expect_nothing_left
  expect_audit '.activity_id == 2 and .dst.host == "allowed.test"' "$FULL_ID"
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
}
