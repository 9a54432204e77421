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
