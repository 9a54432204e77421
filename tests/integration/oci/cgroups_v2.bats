#!/usr/bin/env bats
# cgroup v2: every limit in its file, devices by BPF, the freezer, kill, places. On a host with v1 the VM runs them (tests/vm).

load ../../lib/oci

setup() {
  is_unified || skip "this host has cgroup v1; tests/vm runs this"
  load_runtime_options
  ID=c$BATS_TEST_NUMBER
  CG=/sys/fs/cgroup/$NAME/t$BATS_TEST_NUMBER
}

# "file=value" of each: what the kernel has
expect_files() {
  local pair
  for pair in "$@"; do
    [ "$(cat "$CG/${pair%%=*}")" = "${pair#*=}" ] || fail "$pair: the kernel has $(cat "$CG/${pair%%=*}" 2>&1)" || return 1
  done
}

event() { awk -v key="$2" '$1 == key {print $2}' "$CG/$1"; }

init_pid() { rt state "$ID" | jq .pid; }

disk() { lsblk -dno MAJ:MIN /dev/vda 2>/dev/null | tr -d ' '; }

@test "v2: memory, swap, CPU, cpuset, pids, huge pages and unified are in their files, the process is born there" {
  make_bundle '.linux.resources.memory = {limit: 67108864, swap: 100663296, reservation: 33554432}' \
    '.linux.resources.cpu = {shares: 512, quota: 50000, period: 100000, burst: 20000, cpus: "0", mems: "0"}' \
    '.linux.resources.pids = {limit: 44}' '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]' \
    '.linux.resources.unified = {"memory.high": "50331648", "memory.oom.group": "1", "cgroup.max.depth": "3"}'
  command_line sleep 300
  # No write into cgroup.procs: another process's move waits for the kernel's RCU.
  strace -qq -e trace=clone3,write -o "$B/trace" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" create --bundle "$B" "$ID" \
    </dev/null >"$T/out-$BATS_TEST_NUMBER" 2>&1 3>&- || fail "$(container_output)"
  grep -q 'CLONE_INTO_CGROUP' "$B/trace" || fail "$(grep clone3 "$B/trace")"
  expect_files memory.max=67108864 memory.swap.max=33554432 memory.low=33554432 memory.high=50331648 memory.oom.group=1 \
    cpu.weight=59 "cpu.max=50000 100000" cpu.max.burst=20000 cpuset.cpus=0 cpuset.mems=0 pids.max=44 \
    hugetlb.2MB.max=4194304 cgroup.max.depth=3 cgroup.type=domain "cgroup.procs=$(init_pid)"
  [ "$(cat "/proc/$(init_pid)/cgroup")" = "0::/$NAME/t$BATS_TEST_NUMBER" ]
  rt start "$ID"
  [ "$(rt exec "$ID" cat /proc/self/cgroup)" = 0::/ ]
  rt delete --force "$ID"
  expect_nothing_left
}

@test "v2: block I/O limits of a device" {
  local device
  device=$(disk)
  [ -n "$device" ] || skip "no disk /dev/vda"
  start_sleeper ".linux.resources.blockIO = {weight: 500, throttleReadBpsDevice: [{major: ${device%:*}, minor: ${device#*:}, rate: 1048576}],
    throttleWriteIOPSDevice: [{major: ${device%:*}, minor: ${device#*:}, rate: 200}]}"
  expect_files "io.max=$device rbps=1048576 wbps=max riops=max wiops=200"
  # What the kernel has of the two: BFQ's scale is v1's, 10 to 1000; the other one's 1 to 10000.
  if [ -e "$CG/io.bfq.weight" ]; then grep -qE '(default )?500$' "$CG/io.bfq.weight"; else grep -q 'default 4950' "$CG/io.weight"; fi
}

@test "v2: update changes each of them alone, and idle" {
  start_sleeper '.linux.resources.memory = {limit: 67108864}' '.linux.resources.cpu = {shares: 1024, quota: 500000, period: 1000000}' \
    '.linux.resources.pids = {limit: 20}'
  rt update --memory 96M --memory-swap 128M --memory-reservation 32M "$ID"
  expect_files memory.max=100663296 memory.swap.max=33554432 memory.low=33554432 pids.max=20 "cpu.max=500000 1000000"
  rt update --memory-swap -1 "$ID"
  rt update --memory -1 "$ID"
  expect_files memory.max=max memory.swap.max=max
  rt update --cpu-period 900000 "$ID"
  expect_files "cpu.max=500000 900000"
  rt update --cpu-quota 600000 --cpu-burst 1000 "$ID"
  expect_files "cpu.max=600000 900000" cpu.max.burst=1000
  rt update --cpu-quota -1 --cpu-burst 0 "$ID"
  expect_files "cpu.max=max 900000"
  rt update --cpu-share 512 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit -1 "$ID"
  expect_files cpu.weight=59 cpuset.cpus=0 cpuset.mems=0 pids.max=max
  rt update --cpu-idle 1 "$ID"
  expect_files cpu.idle=1
  echo '{"unified": {"pids.max": "77", "memory.high": "40000000"}}' | rt update -r - "$ID"
  expect_files pids.max=77 "memory.high=$((40000000 / 4096 * 4096))"
}

@test "v2: what the kernel or v2 does not take is refused with its name, and nothing stays" {
  local pair
  for pair in '.unified = {"memory.nosuch": "1"}|memory.nosuch' '.unified = {"cgroup.procs": "1"}|cgroup.procs' \
    '.unified = {"../memory.max": "1"}|../memory.max' '.unified = {"memory.max": "many"}|memory.max' \
    '.network = {classID: 1}|cgroup v1' '.cpu = {cpus: "4000"}|cpuset.cpus'; do
    make_bundle ".linux.resources${pair%%|*}"
    run create
    expect 1
    output=$(container_output) expect 1 "${pair#*|}"
  done
  expect_nothing_left
}

@test "v2: device rules are a filter of the kernel's, for exec and after an update, too" {
  local device
  device=$(disk)
  [ -n "$device" ] || skip "no disk /dev/vda"
  start_sleeper "$(cat <<JQ
.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "b", major: ${device%:*}, minor: ${device#*:}, access: "r"}]
  | .linux.devices = [{path: "/dev/disk", type: "b", major: ${device%:*}, minor: ${device#*:}}, {path: "/dev/tty64", type: "c", major: 4, minor: 64}]
  | .process.capabilities |= map_values(. + ["CAP_MKNOD"])
JQ
)"
  run rt exec "$ID" sh -c 'head -c 512 /dev/disk | wc -c; head -c 1 /dev/zero | wc -c; echo x >/dev/null && echo null-written'
  expect 0 512 1 null-written
  run rt exec "$ID" sh -c ': >>/dev/disk'
  expect nonzero "not permitted"
  run rt exec "$ID" sh -c ': >>/dev/tty64'
  expect nonzero "not permitted"
  # Making a node is allowed, and opening it follows the rule of its device.
  run rt exec "$ID" sh -c "mknod /dev/again b ${device/:/ } && head -c 512 /dev/again | wc -c"
  expect 0 512
  echo '{"devices": [{"allow": false, "access": "rwm"}]}' | rt update -r - "$ID"
  run rt exec "$ID" sh -c 'head -c 0 /dev/again'
  expect nonzero "not permitted"
  run rt exec "$ID" sh -c 'head -c 1 /dev/zero | wc -c'
  expect 0 1
}

@test "v2: pause freezes the cgroup and what is below it, resume thaws" {
  start_sleeper
  mkdir "$CG/inner"
  rt exec --cgroup inner --detach "$ID" sleep 301 </dev/null >/dev/null 2>&1 3>&-
  grep -q . "$CG/inner/cgroup.procs"
  rt pause "$ID"
  expect_files cgroup.freeze=1
  [ "$(event cgroup.events frozen)" = 1 ]
  [ "$(event inner/cgroup.events frozen)" = 1 ]
  run rt exec "$ID" true
  expect nonzero paused
  rt resume "$ID"
  expect_files cgroup.freeze=0
  [ "$(event cgroup.events frozen)" = 0 ]
  rt exec "$ID" true
  # Frozen processes die of KILL, and only of it.
  rt pause "$ID"
  rt kill "$ID" KILL
  wait_until 10 has_status "$ID" stopped
  rt delete "$ID"
  expect_nothing_left
}

@test "v2: kill --all ends at once what forks faster than one can look, below the cgroup too" {
  make_bundle '.linux.namespaces |= map(select(.type != "pid"))' '.linux.resources.pids = {limit: 200}'
  command_line sh -c 'while true; do sleep 0.2 & done'
  create
  mkdir "$CG/inner"
  rt start "$ID"
  rt exec --cgroup inner --detach "$ID" sleep 302 </dev/null >/dev/null 2>&1 3>&-
  wait_until 20 eval '[ "$(wc -l <"$CG/cgroup.procs")" -ge 4 ]'
  rt kill --all "$ID" KILL
  wait_until 10 eval '[ "$(event cgroup.events populated)" = 0 ]' || fail "$(cat "$CG/cgroup.procs" "$CG/inner/cgroup.procs")"
  has_status "$ID" stopped
  rt delete "$ID"
  expect_nothing_left
}

@test "v2: too much memory kills the process, and events says so" {
  start_sleeper '.linux.resources.memory = {limit: 25165824, swap: 25165824}'
  rt events --interval 200ms "$ID" >"$B/events" 3>&- &
  local events=$!
  wait_until 20 grep -q '"stats"' "$B/events"
  run rt exec "$ID" tail /dev/zero
  [ "$status" -eq 137 ] || fail "$status $output"
  wait_until 20 grep -q "{\"type\":\"oom\",\"id\":\"$ID\"}" "$B/events" || fail "$(cat "$B/events")"
  [ "$(event memory.events oom_kill)" -ge 1 ]
  run rt events --stats "$ID"
  jq -e '.data.memory.usage.limit == 25165824 and .data.memory.usage.usage > 0 and .data.memory.usage.failcnt > 0 and
    .data.cpu.usage.total > 0 and .data.pids.current >= 1 and (.data.memory.raw.anon | type) == "number"' <<<"$output" >/dev/null ||
    fail "$output"
  rt delete --force "$ID"
  wait "$events"
}

@test "v2: an init that moves down and enables controllers: exec follows it, delete takes all" {
  local controllers
  for controllers in +pids "+memory +pids"; do
    make_bundle '(.mounts[] | select(.type == "cgroup")).options |= map(select(. != "ro"))'
    # As systemd and a dockerd in a container do.
    command_line sh -c "mkdir -p /sys/fs/cgroup/init/deeper /sys/fs/cgroup/other && echo 1 >/sys/fs/cgroup/init/cgroup.procs &&
      echo $controllers >/sys/fs/cgroup/cgroup.subtree_control && touch /tmp/ready-$ID; sleep 300"
    create
    rt start "$ID"
    wait_until 20 eval 'grep -q pids "$CG/cgroup.subtree_control"' || fail "$(container_output)"
    run rt exec "$ID" cat /proc/self/cgroup
    expect 0 0::/init
    run rt exec --cgroup other "$ID" cat /proc/self/cgroup
    expect 0 0::/other
    [ "$(rt ps --format json "$ID" | jq length)" -ge 1 ]
    rt update --pids-limit 50 "$ID"
    rt delete --force "$ID"
    expect_nothing_left
  done
}

@test "v2: controllers are enabled all along a deep path, and what was there before stays" {
  mkdir -p "/sys/fs/cgroup/$NAME/before"
  start_sleeper ".linux.cgroupsPath = \"/$NAME/before/a/b\"" '.linux.resources.memory = {limit: 33554432}'
  CG=/sys/fs/cgroup/$NAME/before/a/b
  expect_files memory.max=33554432
  grep -q memory "/sys/fs/cgroup/$NAME/before/a/cgroup.subtree_control"
  rt delete --force "$ID"
  [ ! -e "$CG" ]
  [ -d "/sys/fs/cgroup/$NAME/before" ]
  rmdir "/sys/fs/cgroup/$NAME/before/a" "/sys/fs/cgroup/$NAME/before" || true
}

@test "v2: a cgroup that is frozen or in use is refused and left alone" {
  mkdir -p "$CG"
  echo 1 >"$CG/cgroup.freeze"
  make_bundle
  run rt create --bundle "$B" "$ID"
  expect 1 frozen
  echo 0 >"$CG/cgroup.freeze"
  sleep 300 3>&- &
  local sleeper=$!
  echo "$sleeper" >"$CG/cgroup.procs"
  run rt create --bundle "$B" "$ID"
  expect 1 "not empty"
  rt delete --force "$ID"
  kill -0 "$sleeper"
  kill "$sleeper"
  wait "$sleeper" || true
  rmdir "$CG"
}

@test "v2: below a threaded cgroup a container without domain limits runs, with them it is told" {
  local parent=/sys/fs/cgroup/$NAME/threads
  mkdir -p "$parent/member"
  echo threaded >"$parent/member/cgroup.type"
  CG=$parent/c
  make_bundle ".linux.cgroupsPath = \"/$NAME/threads/c\"" 'del(.linux.resources.memory)' '.linux.resources.pids = {limit: 30}'
  command_line sleep 300
  create || fail "$(container_output)"
  rt start "$ID"
  expect_files cgroup.type=threaded
  [ "$(cat "/proc/$(init_pid)/cgroup")" = "0::/$NAME/threads/c" ]
  rt exec "$ID" true
  [ "$(rt ps --format json "$ID" | jq length)" -eq 1 ]
  rt pause "$ID"
  rt resume "$ID"
  rt kill --all "$ID" KILL
  wait_until 10 has_status "$ID" stopped
  rt delete "$ID"
  configure '.linux.resources.memory = {limit: 33554432}'
  run create
  expect 1
  output=$(container_output) expect 1 threaded memory
  [ ! -e "$T/root/$ID" ]
  rmdir "$CG" 2>/dev/null || true
  rmdir "$parent/member" "$parent"
}
