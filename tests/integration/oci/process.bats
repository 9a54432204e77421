#!/usr/bin/env bats
# The process of config.json: user, capabilities, limits, environment, working directory.

load ../../lib/oci

@test "capabilities, limits, no_new_privs, umask, oom score and groups of the spec" {
  make_bundle '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}' \
    '.process.noNewPrivileges = true' '.process.user = {uid: 0, gid: 0, umask: 63, additionalGids: [42]}' \
    '.process.oomScoreAdj = 321' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]'
  command_line sh -c 'probe-caps; umask; cat /proc/self/oom_score_adj; ulimit -Sn; ulimit -Hn'
  run rt run --bundle "$B" "$ID"
  expect 0 $'CapBnd:\t0000000000000021' $'CapEff:\t0000000000000020' $'NoNewPrivs:\t1' 0077 321 100 200 "42"
}

@test "the environment: PATH looks inside the container, HOME is from passwd, the last of two values wins" {
  make_bundle '.process.env = ["PATH=/usr/bin:/bin", "A=first", "A=second"]'
  command_line sh -c 'echo $A; echo home=$HOME'
  run rt run --bundle "$B" "$ID"
  expect 0 second home=/root
}

@test "the working directory is made if it is missing" {
  make_bundle '.process.cwd = "/tmp/made/by/runtime"'
  command_line pwd
  run rt run --bundle "$B" "$ID"
  rm -rf "$T/image/tmp/made"
  expect 0 /tmp/made/by/runtime
}

@test "an environment without HOME or with an empty one gets the user's, and each name appears once" {
  make_bundle '.process.env = ["HOME=", "PATH=/usr/bin:/bin", "ONE=two", "ONE=", "HOME=/override", "HOME="]'
  command_line env
  run rt run --bundle "$B" "$ID"
  expect 0 HOME=/root ONE=
  [ "${#lines[@]}" -eq 3 ] || fail "$output"
  make_bundle '.process.env = ["PATH=/bin", "LINES=a\nb"]' '.process.user = {uid: 2000, gid: 2000}'
  command_line env
  run rt run --bundle "$B" "$ID"
  expect 0 HOME=/ $'LINES=a\nb'
}

@test "the scheduler, the I/O priority and the CPUs of the process" {
  ours || skip "runc 1.1 ignores them"
  make_bundle '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}' \
    '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 4}'
  command_line sh -c 'cut -d" " -f19,41 /proc/self/stat; ionice'
  run rt run --bundle "$B" "$ID"
  expect 0 "5 3" "best-effort: prio 4"
  start_sleeper '.process.execCPUAffinity = {initial: "0", final: "0"}'
  run rt exec "$ID" grep Cpus_allowed_list /proc/self/status
  expect 0 $'Cpus_allowed_list:\t0'
}

@test "the caller's CPUs are not the container's, its cpuset is" {
  ours || skip "runc 1.1 leaves them"
  local all
  all=$(grep Cpus_allowed_list /proc/self/status)
  start_sleeper
  configure ".linux.cgroupsPath += \"b\""
  command_line grep Cpus_allowed_list /proc/self/status
  # The container's first process is not bound by what is for exec.
  configure '.process.execCPUAffinity = {initial: "0", final: "0"}'
  run taskset -c 0 "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --bundle "$B" "$ID-2"
  expect 0 "$all"
  run taskset -c 0 "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" exec "$ID" grep Cpus_allowed_list /proc/self/status
  expect 0 "$all"
  configure '.linux.resources.cpu = {cpus: "1", mems: "0"}'
  run taskset -c 0 "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --bundle "$B" "$ID-3"
  expect 0 $'Cpus_allowed_list:\t1'
}

@test "an ambient capability that is not inheritable is warned of" {
  make_bundle '.process.capabilities.inheritable = ["CAP_KILL"]' '.process.capabilities.ambient = ["CAP_KILL", "CAP_CHOWN"]'
  command_line probe-caps
  run rt run --bundle "$B" "$ID"
  ! ours || expect 0 "can't raise ambient capability CAP_CHOWN: " $'CapAmb:\t0000000000000020'
}

@test "memory policies: none in it is none, what cannot be is named" {
  ours || skip "runc 1.1 ignores them"
  local at policy word
  [ -e /proc/self/numa_maps ] || skip "this kernel has no NUMA policies"
  command_line_of_policy() { make_bundle ".linux.memoryPolicy = $1"; command_line sh -c 'head -n 1 /proc/self/numa_maps | cut -d " " -f 2'; }
  command_line_of_policy '{}'
  run rt run --bundle "$B" "$ID"
  expect 0 default
  for at in '{nodes: "0-7"}|invalid memory policy mode' '{mode: "INTERLEAVE", nodes: "0"}|invalid memory policy mode' \
    '{mode: "MPOL_BIND", nodes: "0-9876543210"}|invalid memory policy node' \
    '{mode: "MPOL_PREFERRED", nodes: "0", flags: ["badflag"]}|invalid memory policy flag'; do
    policy=${at%|*} word=${at#*|}
    command_line_of_policy "$policy"
    run rt run --bundle "$B" "$ID"
    expect 1 "$word"
  done
}

@test "a scheduler or an I/O priority that does not exist is refused" {
  ours || skip "runc 1.1 ignores them"
  local program
  for program in '.process.scheduler = {policy: "SCHED_NOSUCH"}' '.process.scheduler = {policy: "SCHED_OTHER", priority: 1}' \
    '.process.ioPriority = {class: "NOSUCH", priority: 0}' '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}' \
    '.process.execCPUAffinity = {initial: "x"}' '.linux.personality = {domain: "NOSUCH"}' '.linux.memoryPolicy = {mode: "NOSUCH"}'; do
    make_bundle "$program"
    run rt run --bundle "$B" "$ID"
    expect 1
  done
}

@test "personality and memory policy" {
  ours || skip "runc 1.1 ignores them"
  make_bundle '.linux.personality = {domain: "LINUX32"}'
  command_line uname -m
  run rt run --bundle "$B" "$ID"
  expect 0 i686
  make_bundle '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
  command_line sh -c 'grep -m1 bind /proc/self/numa_maps | cut -d" " -f2'
  run rt run --bundle "$B" "$ID"
  [[ $output != *"unction not implemented"* ]] || skip "the kernel has no NUMA policies"
  expect 0
}

@test "capabilities: unknown names are warned of, ambient ones reach another user, all five sets" {
  make_bundle '.process.capabilities = ({} | .bounding = ["CAP_KILL", "CAP_NO_SUCH"] | .permitted = .bounding |
      .effective = .bounding | .inheritable = .bounding | .ambient = .bounding)' '.process.user = {uid: 1000, gid: 1000}'
  command_line probe-caps
  run rt run --bundle "$B" "$ID"
  expect 0 $'CapInh:\t0000000000000020' $'CapPrm:\t0000000000000020' $'CapEff:\t0000000000000020' \
    $'CapBnd:\t0000000000000020' $'CapAmb:\t0000000000000020' CAP_NO_SUCH
  make_bundle 'del(.process.capabilities)'
  command_line probe-caps
  run rt run --bundle "$B" "$ID"
  expect 0 $'CapPrm:\t0000000000000000' $'CapBnd:\t0000000000000000'
}

@test "limits: soft and hard, none twice, none above its hard limit" {
  make_bundle '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
  command_line sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
  run rt run --bundle "$B" "$ID"
  expect 0 $'100\n200\n0'
  local limits
  for limits in '[{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]' '[{type: "RLIMIT_CORE", soft: 2, hard: 1}]'; do
    make_bundle ".process.rlimits = $limits"
    run rt run --bundle "$B" "$ID"
    expect 1
  done
}

@test "security labels are handed to the kernel, and its refusal is an error" {
  ours || skip "other words"
  make_bundle '.process.apparmorProfile = "no-such-profile"'
  command_line true
  run rt run --bundle "$B" "$ID"
  expect 1 no-such-profile
  make_bundle '.process.selinuxLabel = "system_u:system_r:no_such_t:s0"'
  command_line true
  run rt run --bundle "$B" "$ID"
  expect 1 no_such_t
}
