#!/usr/bin/env bats
# cgroups: limits, places, what is removed.

load ../../lib/oci

@test "cgroup limits reach the kernel and go with the container" {
  make_bundle '.linux.resources.memory = {limit: 50331648}' '.linux.resources.pids = {limit: 44}' \
    '.linux.resources.cpu = {quota: 25000, period: 50000, shares: 512}'
  create
  local path=$NAME/t$BATS_TEST_NUMBER
  [ "$(cgroup_limit memory "$path")" -eq 50331648 ]
  [ "$(cgroup_limit pids "$path")" -eq 44 ]
  [ "$(cgroup_limit cpu "$path")" = "25000 50000" ]
  [ "$(cgroup_limit shares "$path")" -eq "$(if is_unified; then echo 59; else echo 512; fi)" ]
  rt delete --force "$ID"
  ! has_cgroup "$path"
}

@test "pids.limit: 0 is 1, -1 is unlimited" {
  ours || skip "runc 1.1 ignores 0"
  make_bundle '.linux.resources.pids = {limit: 0}'
  create
  [ "$(cgroup_limit pids "$NAME/t$BATS_TEST_NUMBER")" = 1 ]
  rt delete --force "$ID"
  configure '.linux.resources.pids = {limit: -1}'
  create
  [ "$(cgroup_limit pids "$NAME/t$BATS_TEST_NUMBER")" = max ]
}

@test "cgroupsPath: absolute, relative to our own cgroup, left out, and none that climbs out" {
  local path
  for path in "/$NAME/absolute" "$NAME/relative" "/$NAME/../$NAME/climb"; do
    make_bundle ".linux.cgroupsPath = \"$path\""
    create
    run grep -hE "pids|0::" "/proc/$(rt state "$ID" | jq .pid)/cgroup"
    expect 0 "/$NAME/$(basename "$path")"
    rt delete --force "$ID"
  done
  make_bundle 'del(.linux.cgroupsPath)'
  create
  run grep -hE "pids|0::" "/proc/$(rt state "$ID" | jq .pid)/cgroup"
  expect 0 "/$ID"
  rt delete --force "$ID"
  expect_nothing_left
}

@test "a cgroup that is frozen or in use is refused and left alone" {
  is_unified && skip "the freezer of cgroup v1"
  local place=/sys/fs/cgroup/freezer/$NAME/t$BATS_TEST_NUMBER
  mkdir -p "$place"
  echo FROZEN >"$place/freezer.state"
  make_bundle
  run rt create --bundle "$B" "$ID"
  echo THAWED >"$place/freezer.state"
  expect 1 frozen
  sleep 300 3>&- &
  local sleeper=$!
  echo "$sleeper" >"$place/cgroup.procs"
  run rt create --bundle "$B" "$ID"
  expect 1 "not empty"
  rt delete --force "$ID"
  kill -0 "$sleeper"
  kill "$sleeper"
  wait "$sleeper" || true
  rmdir "$place"
}

@test "resources of cgroup v1: swap, swappiness, OOM killer, CPU period and quota alone" {
  is_unified && skip "the file names are those of cgroup v1"
  local path=$NAME/t$BATS_TEST_NUMBER
  make_bundle '.linux.resources.memory = {limit: 33554432, swap: 67108864, swappiness: 7, disableOOMKiller: true}' \
    '.linux.resources.cpu = {quota: 5000}'
  create
  [ ! -e "/sys/fs/cgroup/memory/$path/memory.memsw.limit_in_bytes" ] ||
    [ "$(cat "/sys/fs/cgroup/memory/$path/memory.memsw.limit_in_bytes")" -eq 67108864 ]
  [ "$(cat "/sys/fs/cgroup/memory/$path/memory.swappiness")" -eq 7 ]
  grep -q 'oom_kill_disable 1' "/sys/fs/cgroup/memory/$path/memory.oom_control"
  [ "$(cgroup_limit cpu "$path")" = "5000 100000" ]
}

@test "resources that cannot be are refused: swap below memory, a bad period, unified on v1" {
  local resources
  for resources in '.memory = {limit: 50000000, swap: 40000000}' '.cpu = {period: 100}' '.memory = {swappiness: 200}'; do
    make_bundle ".linux.resources$resources"
    run rt create --bundle "$B" "$ID"
    expect 1
  done
  if ! is_unified; then
    make_bundle '.linux.resources.unified = {"memory.min": "131072"}'
    run rt create --bundle "$B" "$ID"
    expect 1 "invalid configuration"
  fi
  expect_nothing_left
}

@test "the cgroup2 of a hybrid host: init and exec are in it, and it goes" {
  [ -e /sys/fs/cgroup/unified/cgroup.procs ] || skip "no cgroup2 beside v1"
  make_bundle
  command_line sleep 300
  create
  rt start "$ID"
  grep -q "^0::/$NAME/t$BATS_TEST_NUMBER\$" "/proc/$(rt state "$ID" | jq .pid)/cgroup"
  run rt exec "$ID" cat /proc/self/cgroup
  expect 0 "0::/$NAME/t$BATS_TEST_NUMBER"
  rt delete --force "$ID"
  [ ! -e "/sys/fs/cgroup/unified/$NAME/t$BATS_TEST_NUMBER" ]
  # It may be there already, but not in use; and a create that fails leaves none.
  mkdir -p "/sys/fs/cgroup/unified/$NAME/t$BATS_TEST_NUMBER"
  run rt run --bundle "$B" --pid-file /no/such/directory/pid "$ID"
  expect 1
  command_line /no/such/program
  run rt run --bundle "$B" "$ID"
  expect 1
  expect_nothing_left
}
