#!/usr/bin/env bats
# Seccomp profiles.

load ../../lib/oci

@test "a seccomp profile of the spec is enforced" {
  make_bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: [
      {names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95},
      {names: ["no_such_syscall_at_all"], action: "SCMP_ACT_ERRNO"}]}'
  command_line mkdir /tmp/refused
  run rt run --bundle "$B" "$ID"
  expect 1 "not supported"
}

profile() {  # DEFAULT RULES -> jq program
  printf '.linux.seccomp = {defaultAction: "%s", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], syscalls: %s}' "$1" "$2"
}

@test "seccomp: actions, errno values, argument filters" {
  make_bundle "$(profile SCMP_ACT_ALLOW '[{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 13},
      {names: ["chmod"], action: "SCMP_ACT_ERRNO", errnoRet: 95, args: [{index: 1, value: 511, op: "SCMP_CMP_EQ"}]},
      {names: ["fchmodat"], action: "SCMP_ACT_ERRNO", errnoRet: 95, args: [{index: 2, value: 511, op: "SCMP_CMP_EQ"}]}]')"
  command_line sh -c 'touch /tmp/f; mkdir /tmp/x; chmod 777 /tmp/f; chmod 700 /tmp/f && echo other-argument-works; rm /tmp/f'
  run rt run --bundle "$B" "$ID"
  expect 0 "Permission denied" "not supported" other-argument-works
  make_bundle "$(profile SCMP_ACT_ALLOW '[{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS"}]')"
  command_line sh -c 'mkdir /tmp/x; echo $?'
  run rt run --bundle "$B" "$ID"
  expect 0 159
}

@test "seccomp: calls newer than the profile are unknown to it, not forbidden" {
  ours || skip "runc 1.1 with this libseccomp may differ"
  # A whitelist that knows the calls that a shell needs; call number 9999 no kernel has.
  make_bundle
  jq --slurpfile docker "$REPO/tests/data/config/docker-20.10.json" '.linux.seccomp = $docker[0].linux.seccomp' \
    "$B/config.json" >"$B/new" && mv "$B/new" "$B/config.json"
  command_line sh -c 'probe-clone3 || true; echo end'
  run rt run --bundle "$B" "$ID"
  expect 0 end
}

@test "seccomp: what the profile cannot mean is refused with its field" {
  local rules
  for rules in '[{names: ["mkdir"], action: "SCMP_ACT_NOSUCH"}]' \
    '[{names: ["mkdir"], action: "SCMP_ACT_ERRNO", args: [{index: 9, value: 1, op: "SCMP_CMP_EQ"}]}]' \
    '[{names: ["mkdir"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "SCMP_CMP_NOSUCH"}]}]'; do
    make_bundle "$(profile SCMP_ACT_ALLOW "$rules")"
    run rt run --bundle "$B" "$ID"
    expect 1
    ! ours || expect 1 "linux.seccomp.syscalls[0]"
  done
  make_bundle "$(profile SCMP_ACT_NOSUCH '[]')"
  run rt run --bundle "$B" "$ID"
  expect 1
  make_bundle "$(profile SCMP_ACT_ALLOW '[]')" '.linux.seccomp.flags = ["NOSUCH"]'
  run rt run --bundle "$B" "$ID"
  expect 1
  expect_nothing_left
}

@test "seccomp: no flags at all are not an empty list of them" {
  ours || skip "runc 1.1 prints none"
  local flags number
  for flags in 'del(.linux.seccomp.flags)=4' '.linux.seccomp.flags = []=0' \
    '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]=2'; do
    number=${flags##*=}
    make_bundle "$(profile SCMP_ACT_ALLOW '[{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]')" "${flags%=*}"
    command_line true
    run rt --debug run --bundle "$B" "$ID"
    expect 0 "seccomp filter flags: $number"
  done
}
