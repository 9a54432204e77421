#!/usr/bin/env bats
# The life of a container: create, start, state, kill, delete, and the verbs out of their order.

load ../../lib/oci

@test "create, start, state, kill, delete" {
  make_bundle
  command_line sh -c 'echo started >/proc/1/fd/1; exec sleep 300'
  create --pid-file "$T/pid-$ID"
  run rt state "$ID"
  expect 0
  jq -e ".id == \"$ID\" and .status == \"created\" and .bundle == \"$B\" and .pid == $(cat "$T/pid-$ID") and .ociVersion" \
    <<<"$output" >/dev/null || fail "$output"
  [ -z "$(container_output)" ]
  rt start "$ID"
  has_status "$ID" running
  wait_until 5 eval 'container_output | grep -q started'
  run rt delete "$ID"
  expect 1 "cannot delete container" "running"
  rt kill "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  rt delete "$ID"
  run rt state "$ID"
  expect 1 "does not exist"
  expect_nothing_left
}

@test "start of a running container is refused" {
  make_bundle
  command_line sleep 300
  create
  rt start "$ID"
  run rt start "$ID"
  expect 1 "cannot start an already running container"
}

@test "verbs on a container that does not exist say so" {
  local verb
  for verb in start state "kill nope TERM" "exec nope true" "ps nope"; do
    case $verb in *nope*) ;; *) verb="$verb nope" ;; esac
    # shellcheck disable=SC2086
    run rt $verb
    expect nonzero "does not exist"
  done
}
