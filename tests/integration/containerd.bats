#!/usr/bin/env bats
# containerd's own shim and client, with our program as --runc-binary.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/network
load ../lib/docker
load ../lib/containerd
load ../lib/image_archive
load ../lib/leaks
load ../lib/policies

setup_file() {
  make_private_directory
  command -v containerd >/dev/null || { touch "$T/absent"; return 0; }
  write_policies
  start_network
  add_namespace "$NAME-agent" "$SUBNET.3" "nca${SUBNET##*.}"
  build_image_tree "$T/image"
  printf '127.0.0.1 localhost\n%s allowed.test other.test\n' "$ORIGIN_IP" >"$T/image/etc/hosts"
  make_image_archive "$T/image" "$T/agent.tar" docker.io/library/agent:latest
  start_containerd
  ctr_ image import "$T/agent.tar" >/dev/null
  wrapper main "$T/policies/main.yaml"
  wrapper none none
}

teardown_file() {
  stop_containerd
  stop_network
  remove_private_directory
}

setup() {
  [ ! -e "$T/absent" ] || skip "containerd is not installed"
  ID=c$BATS_TEST_NUMBER
}

teardown() {
  [ ! -e "$T/absent" ] || return 0
  ctr_ task kill -s KILL "$ID" 2>/dev/null || true
  wait_until 5 task_gone || true
  ctr_ container rm "$ID" 2>/dev/null || true
}

task_gone() { ctr_ task rm -f "$ID" 2>/dev/null; ! ctr_ task ls -q | grep -qx "$ID"; }

# agent POLICY [OPTIONS] -- COMMAND...
agent() {
  local policy=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  ctr_ run --runc-binary "$T/runtime-$policy" --with-ns "network:/run/netns/$NAME-agent" --cgroup "/$NAME/$ID" "${options[@]}" \
    docker.io/library/agent:latest "$ID" "$@"
}

@test "ctr run: output, errors and the exit code" {
  run agent none --rm -- sh -c 'echo out; echo err >&2; exit 21'
  expect 21 out err
  expect_nothing_left
}

@test "ctr run: an allowed request works and another binary is refused" {
  need_ours
  run agent main --rm -- sh -c 'curl -sS https://allowed.test/ctr; fetch -sS https://allowed.test/ctr-no'
  expect nonzero "hello to GET /ctr" 403
  expect_audit '.verdict == "allow" and .actor.binary == "/usr/bin/curl"' "$ID"
  expect_audit '.verdict == "deny" and .actor.binary == "/usr/bin/fetch"' "$ID"
  [ "$(origin_saw /ctr-no)" -eq 0 ]
  expect_nothing_left
}

@test "ctr task: start, exec, ps, kill, delete" {
  agent main -d -- sleep 300 </dev/null >/dev/null 2>&1 3>&-
  run ctr_ task ls
  expect 0 "$ID" RUNNING
  run ctr_ task exec --exec-id e1 "$ID" sh -c 'id -u; exit 13'
  expect 13
  if ours; then expect 13 10001; fi
  run ctr_ task ps "$ID"
  expect 0 PID
  ctr_ task kill -s TERM "$ID"
  wait_until 10 task_gone
  ctr_ container rm "$ID"
  expect_nothing_left
}

@test "a namespace of the manager's is as it was when its last container has gone, and closed until then" {
  need_ours
  fences() { ip netns exec "$NAME-agent" nft list tables | grep -c nemoclaw || true; }
  agent main -d -- sleep 300 </dev/null >/dev/null 2>&1 3>&-
  [ "$(fences)" -eq 1 ]
  ip netns exec "$NAME-agent" sleep 300 3>&- &
  local guest=$!
  ctr_ task kill -s KILL "$ID"
  wait_until 10 task_gone
  ctr_ container rm "$ID"
  # A process that is left there does not get out because the container has ended.
  [ "$(fences)" -eq 1 ]
  kill "$guest"
  agent main --rm -- true
  [ "$(fences)" -eq 0 ]
  ip netns exec "$NAME-agent" curl -sS -o /dev/null --connect-timeout 5 -k "https://$ORIGIN_IP/"
}

@test "ctr run with a terminal" {
  run script -qec "ctr --address '$T/c/s' --namespace '$NAME' run --rm -t --runc-binary '$T/runtime-none' \
    docker.io/library/agent:latest '$ID' sh -c 'tty; exit 8'" /dev/null </dev/null
  expect 8 /dev/pts/
}

@test "ctr shows our sentence when the create fails" {
  need_ours
  wrapper broken "$T/policies/absent-policy.yaml"
  run agent broken --rm -- true
  expect nonzero absent-policy.yaml
  expect_nothing_left
}

@test "ctr task pause and resume" {
  need_verb pause
  agent none -d -- sleep 300 </dev/null >/dev/null 2>&1 3>&-
  ctr_ task pause "$ID"
  run ctr_ task ls
  expect 0 PAUSED
  ctr_ task resume "$ID"
}
