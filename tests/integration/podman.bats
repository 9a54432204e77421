#!/usr/bin/env bats
# podman and conmon with --runtime.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/network
load ../lib/docker
load ../lib/podman
load ../lib/image_archive
load ../lib/leaks
load ../lib/policies

setup_file() {
  make_private_directory
  command -v podman >/dev/null || { touch "$T/absent"; return 0; }
  write_policies
  start_network
  add_namespace "$NAME-agent" "$SUBNET.3" "nca${SUBNET##*.}"
  build_image_tree "$T/image"
  make_image_archive "$T/image" "$T/agent.tar" localhost/agent:latest
  start_podman
}

teardown_file() {
  [ -e "$T/absent" ] || podman_ none rm -fa -t 0 >/dev/null 2>&1 || true
  kill_ours
  stop_network
  remove_suite_cgroups
  remove_private_directory
}

setup() { [ ! -e "$T/absent" ] || skip "podman is not installed"; }

teardown() { [ -e "$T/absent" ] || podman_ none rm -fa -t 0 >/dev/null; }

@test "podman run: output, errors and the exit code" {
  run agent_podman none --rm -- sh -c 'echo out; exit 21'
  expect 21 out
}

@test "podman run: an allowed request works and another binary is refused" {
  need_ours
  run agent_podman main --cidfile "$T/cid" -- sh -c 'curl -sS https://allowed.test/podman; fetch -sS https://allowed.test/podman-no'
  expect nonzero "hello to GET /podman" 403
  expect_audit '.verdict == "allow" and .actor.binary == "/usr/bin/curl"'
  expect_audit '.verdict == "deny" and .actor.binary == "/usr/bin/fetch"'
  [ "$(origin_saw /podman-no)" -eq 0 ]
}

@test "podman exec is confined like the first process" {
  need_ours
  agent_podman main -d --name twin -- sleep 300
  run podman_ main exec --user root twin sh -c 'probe-caps; probe-open_read /etc/secret'
  expect 1 $'CapBnd:\t0000000000000000' $'Uid:\t10001' "open_read: EACCES"
}

@test "podman exec, stop, logs, top, restart" {
  agent_podman none -d --name life -- sh -c 'echo hello-log; trap "exit 3" TERM; while true; do sleep 0.1; done'
  run podman_ none exec -e A=b -w /tmp life sh -c 'echo $A; pwd; exit 14'
  expect 14 b /tmp
  run podman_ none logs life
  expect 0 hello-log
  podman_ none restart -t 5 life
  podman_ none stop -t 5 life
  [ "$(podman_ none inspect -f '{{.State.ExitCode}}' life)" -eq 3 ]
}

@test "podman's exit codes for what cannot be run: 127 and 126" {
  run -127 agent_podman none --rm -- no-such-program
  expect 127 no-such-program
  run -126 agent_podman none --rm -- /etc/passwd
  agent_podman none -d --name codes -- sleep 300
  run -127 podman_ none exec codes no-such-program
}

@test "podman run -t has a terminal" {
  run agent_podman none --rm -t -- sh -c 'tty; exit 6'
  expect 6 /dev/pts/
}

@test "podman shows our sentence when the create fails" {
  need_ours
  run agent_podman no-such-policy --rm -- true
  expect nonzero no-such-policy
}

@test "podman kill and rm -f leave nothing" {
  local id
  id=$(agent_podman main -d --name gone -- sleep 300)
  podman_ none rm -f -t 0 gone
  expect_nothing_left
  # podman tells the runtime no root: its state is in the default one.
  [ ! -e "/run/nemoclaw/$id" ]
}
