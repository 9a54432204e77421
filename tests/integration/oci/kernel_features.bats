#!/usr/bin/env bats
# What the kernel does for a process because config.json says so, seen from inside.

load ../../lib/oci

run_container() { rt run --bundle "$B" "$ID"; }

# A line of the process's own /proc/self/stat after the name: `stat_field N`, counted as proc_pid_stat(5) does.
stat_script() { echo "sed 's/.*) //' /proc/self/stat | cut -d' ' -f$(($1 - 2))"; }

@test "scheduler: policy and nice" {
  make_bundle '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
  # Field 41 is the policy, 19 the nice value.
  command_line sh -c "$(stat_script 41); $(stat_script 19)"
  run run_container
  expect 0
  [ "${lines[0]}" = 3 ] && [ "${lines[1]}" = 5 ] || fail "$output"
}

@test "ioPriority" {
  make_bundle '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
  command_line ionice
  run run_container
  expect 0 "prio 6"
}

@test "execCPUAffinity.final binds the processes that exec adds" {
  make_bundle '.process.execCPUAffinity = {initial: "0", final: "0"}'
  command_line sleep 300
  create
  rt start "$ID"
  run rt exec "$ID" grep Cpus_allowed_list /proc/self/status
  expect 0
  [ "${lines[0]##*$'\t'}" = 0 ] || fail "$output"
}

@test "memoryPolicy" {
  [ -e /proc/self/numa_maps ] || skip "this kernel has no NUMA policies"
  make_bundle '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
  command_line sh -c 'grep -c bind:0 /proc/self/numa_maps'
  run run_container
  expect 0
  [ "$output" -gt 0 ]
}

@test "a time namespace with offsets" {
  [ -e /proc/self/ns/time ] || skip "this kernel has no time namespaces"
  make_bundle '.linux.namespaces += [{type: "time"}]' '.linux.timeOffsets = {boottime: {secs: 1000000}, monotonic: {secs: 1000000}}'
  command_line sh -c 'cut -d. -f1 /proc/uptime; cat /proc/self/timens_offsets'
  run run_container
  expect 0
  [ "${lines[0]}" -ge 1000000 ] || fail "$output"
  expect 0 "1000000"
}

@test "an idmapped bind mount shows other owners, without a user namespace" {
  mkdir -p "$T/owned-$ID"
  touch "$T/owned-$ID/file"
  chown 1000:1000 "$T/owned-$ID/file"
  make_bundle ".mounts += [{destination: \"/mapped\", type: \"bind\", source: \"$T/owned-$ID\", options: [\"bind\", \"idmap\"],
    uidMappings: [{containerID: 1000, hostID: 5000, size: 10}], gidMappings: [{containerID: 1000, hostID: 6000, size: 10}]}]"
  command_line stat -c '%u:%g' /mapped/file
  run run_container
  [[ $output != *"idmap"*"Invalid argument"* ]] || skip "the file system below $T cannot be idmapped: $output"
  expect 0 5000:6000
}

@test "personality" {
  make_bundle '.linux.personality = {domain: "LINUX32"}'
  command_line sh -c 'cat /proc/self/personality; uname -m'
  run run_container
  expect 0 00000008
}

@test "a seccomp filter that notifies: the listener and the state reach an agent, and its answer the process" {
  make_bundle "$(cat <<JQ
.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "$T/agent-$ID", listenerMetadata: "some data",
  syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}
JQ
)"
  command_line mkdir /tmp/never
  python3 "$TESTS_LIB/seccomp_listener.py" "$T/agent-$ID" "$T/said-$ID" 1 3>&- &
  wait_until 10 test -S "$T/agent-$ID"
  run run_container
  expect nonzero "No message of desired type"
  wait %1
  jq -e ".metadata == \"some data\" and .fds == [\"seccompFd\"] and .pid > 0 and .state.id == \"$ID\" and
    .state.bundle == \"$B\" and .ociVersion" "$T/said-$ID" >/dev/null || fail "$(cat "$T/said-$ID")"
}

@test "a seccomp listener that nobody serves fails the create" {
  make_bundle "$(cat <<JQ
.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "$T/nobody", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}
JQ
)"
  run run_container
  expect 1 listenerPath nobody
  [ ! -e "$T/root/$ID" ]
}

@test "a standard stream that is the host's null device becomes the container's" {
  make_bundle
  command_line sh -c '[ "$(stat -Lc %d /proc/self/fd/0)" = "$(stat -c %d /dev/null)" ] && echo same'
  run bash -c '"$@" </dev/null' - "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --bundle "$B" "$ID"
  expect 0 same
  # What an image puts in its place is not followed.
  make_bundle '.mounts |= map(select(.destination | startswith("/dev") | not))' \
    '.mounts += [{destination: "/dev", type: "tmpfs", source: "tmpfs"}]'
  run bash -c '"$@" </dev/null' - "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --bundle "$B" "$ID"
  expect 0
}
