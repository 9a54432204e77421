#!/usr/bin/env bats
# delete, with and without --force.

load ../../lib/oci

@test "delete of a created container, and delete --force of a running and of an unknown one" {
  make_bundle
  create
  rt delete "$ID"
  create
  rt start "$ID"
  rt delete --force "$ID"
  run rt delete --force "$ID"
  expect 0
  [ -z "$output" ]
  run rt delete "$ID"
  expect 1 "does not exist"
  expect_nothing_left
}

@test "delete --regex deletes what matches, with --force also what runs" {
  ours || skip "this is crun's"
  make_bundle
  command_line sleep 300
  local id
  for id in web-1 web-2 other; do
    configure ".linux.cgroupsPath = \"/$NAME/$id\""
    ID=$id create
  done
  rt start web-1
  run rt delete --regex '^web-'
  expect 1 "not stopped"
  [ "$(rt list -q | paste -sd' ')" = "other web-1" ]
  rt delete --force --regex '^web-'
  [ "$(rt list -q)" = other ]
  run rt delete --regex '['
  expect 1 regex
  rt delete other
}

@test "delete removes what was made inside of the container's cgroup" {
  start_sleeper
  local directory
  for directory in /sys/fs/cgroup/{memory,pids,freezer}/"$NAME/t$BATS_TEST_NUMBER" /sys/fs/cgroup/"$NAME/t$BATS_TEST_NUMBER"; do
    [ ! -d "$directory" ] || mkdir -p "$directory/inner/deeper"
  done
  rt delete --force "$ID"
  expect_nothing_left
}

@test "delete of a container without a pid namespace ends what init left behind" {
  local force
  for force in "" --force; do
    ID=h$BATS_TEST_NUMBER$force
    start_sleeper '.linux.namespaces |= map(select(.type != "pid"))'
    rt exec --detach "$ID" sleep 307 </dev/null >/dev/null 2>&1 3>&-
    kill -9 "$(rt state "$ID" | jq .pid)"
    wait_until 5 has_status "$ID" stopped
    # shellcheck disable=SC2086
    rt delete $force "$ID"
    wait_until 5 eval "! pgrep -f 'sleep 307' >/dev/null"
  done
  expect_nothing_left
}
