#!/usr/bin/env bats
# update: every single-resource flag, resources as JSON, refusals.

load ../../lib/oci

start_limited() {
  start_sleeper '.linux.resources.memory = {limit: 33554432, reservation: 25165824}' '.linux.resources.pids = {limit: 20}' \
    '.linux.resources.cpu = {shares: 100, quota: 500000, period: 1000000}'
  CG=$NAME/t$BATS_TEST_NUMBER
}

# v1 CONTROLLER FILE: the kernel's value; tests that need it skip on cgroup v2, where the VM's own tests look.
v1() { cat "/sys/fs/cgroup/$1/$CG/$2"; }
need_v1() { ! is_unified || skip "the file names are those of cgroup v1"; }

@test "update: memory, pids and CPU bandwidth, one flag at a time" {
  start_limited
  rt update "$ID" --memory 50M
  [ "$(cgroup_limit memory "$CG")" -eq 52428800 ]
  rt update --memory 67108864 "$ID"
  [ "$(cgroup_limit memory "$CG")" -eq 67108864 ]
  rt update --pids-limit 10 "$ID"
  [ "$(cgroup_limit pids "$CG")" = 10 ]
  rt update --pids-limit -1 "$ID"
  [ "$(cgroup_limit pids "$CG")" = max ]
  rt update --cpu-period 900000 "$ID"
  [ "$(cgroup_limit cpu "$CG")" = "500000 900000" ]
  rt update --cpu-quota 600000 "$ID"
  [ "$(cgroup_limit cpu "$CG")" = "600000 900000" ]
  rt update --cpu-quota -1 --cpu-period 100000 "$ID"
  [[ $(cgroup_limit cpu "$CG") == @(-1|max)" 100000" ]]
}

@test "update: the memory limit and the limit with swap move together, in either direction" {
  need_v1
  start_limited
  [ -e "/sys/fs/cgroup/memory/$CG/memory.memsw.limit_in_bytes" ] || skip "the kernel does not account swap"
  local pair
  for pair in "30 50" "60 80" "20 30"; do
    # shellcheck disable=SC2086
    set -- $pair
    rt update --memory "$1M" --memory-swap "$2M" "$ID"
    [ "$(v1 memory memory.limit_in_bytes)" -eq $(($1 << 20)) ]
    [ "$(v1 memory memory.memsw.limit_in_bytes)" -eq $(($2 << 20)) ]
  done
  rt update --memory-swap -1 "$ID"
  rt update --memory -1 "$ID"
  [ "$(v1 memory memory.limit_in_bytes)" -gt $((1 << 40)) ]
}

@test "update: soft limit, shares, burst, idle, cpuset, realtime and block I/O weight" {
  need_v1
  start_limited
  rt update --memory-reservation 16777216 "$ID"
  [ "$(v1 memory memory.soft_limit_in_bytes)" -eq 16777216 ]
  rt update --cpu-share 200 "$ID"
  [ "$(v1 cpu cpu.shares)" -eq 200 ]
  if [ -e "/sys/fs/cgroup/cpu/$CG/cpu.cfs_burst_us" ]; then
    rt update --cpu-burst 100000 "$ID"
    [ "$(v1 cpu cpu.cfs_burst_us)" -eq 100000 ]
  fi
  if [ -e "/sys/fs/cgroup/cpu/$CG/cpu.idle" ]; then
    rt update --cpu-idle 1 "$ID"
    [ "$(v1 cpu cpu.idle)" -eq 1 ]
    run rt update --cpu-idle 2 "$ID"
    expect 1 cpu.idle
  fi
  rt update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
  [ "$(v1 cpuset cpuset.cpus)" = 0 ]
  if [ -e "/sys/fs/cgroup/cpu/$CG/cpu.rt_period_us" ]; then rt update --cpu-rt-period 900000 --cpu-rt-runtime 0 "$ID"; fi
  if [ -e "/sys/fs/cgroup/blkio/$CG/blkio.bfq.weight" ]; then
    rt update --blkio-weight 500 "$ID"
    grep -q 500 "/sys/fs/cgroup/blkio/$CG/blkio.bfq.weight"
  fi
  rt update --kernel-memory 1000000 --kernel-memory-tcp 1000000 "$ID"
}

@test "update: resources as JSON from a file and from stdin; what is not named stays" {
  start_limited
  echo '{"memory": {"limit": 44040192}, "pids": {"limit": 33}}' >"$B/resources.json"
  rt update --resources "$B/resources.json" "$ID"
  [ "$(cgroup_limit memory "$CG")" -eq 44040192 ]
  [ "$(cgroup_limit pids "$CG")" = 33 ]
  [ "$(cgroup_limit cpu "$CG")" = "500000 1000000" ]
  echo '{"pids": {"limit": 34}}' | rt update -r - "$ID"
  [ "$(cgroup_limit pids "$CG")" = 34 ]
  [ "$(cgroup_limit memory "$CG")" -eq 44040192 ]
}

@test "update refuses what the kernel or the format refuses, and says what it was" {
  start_limited
  run rt update --memory foo "$ID"
  expect 1 memory foo
  run rt update --cpu-share foo "$ID"
  expect 1 cpu-share foo
  run rt update --cpu-period 100 "$ID"
  expect 1 100
  run rt update --cpuset-cpus 4000 "$ID"
  expect 1 4000
  run rt update --resources /no/such/file "$ID"
  expect 1 "no such file or directory"
  run rt update --l3-cache-schema "L3:0=f" "$ID"
  expect 1
  run bash -c "echo nonsense | \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" update -r - "$ID"
  expect 1
  rt kill "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  run rt update --pids-limit 5 "$ID"
  expect 1 "container not running"
}
