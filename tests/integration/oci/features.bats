#!/usr/bin/env bats
# features: what dockerd, containerd and podman ask at their start.

load ../../lib/oci

@test "features is one JSON object and nothing else" {
  ours || skip "$RUNTIME may be older than the verb"
  run --separate-stderr "$RUNTIME" features
  expect 0
  jq -e '.ociVersionMin and .ociVersionMax and (.hooks | index("prestart")) and (.linux.namespaces | index("network")) and
    (.linux.cgroup.v1 == true) and (.linux.seccomp.enabled == true) and
    (.potentiallyUnsafeConfigAnnotations | index("ai.nemoclaw."))' <<<"$output" >/dev/null || fail "$output"
  [ -z "$stderr" ]
}

@test "features names what this program can do" {
  ours || skip "other programs, other features"
  run "$RUNTIME" features
  expect 0
  jq -e '.linux.cgroup.v1 and .linux.cgroup.v2 and .linux.apparmor.enabled and .linux.selinux.enabled and
    .linux.intelRdt.enabled and .linux.intelRdt.schemata and .linux.intelRdt.monitoring and
    .linux.mountExtensions.idmap.enabled and (.linux.memoryPolicy.modes | index("MPOL_BIND")) and
    (.linux.seccomp.actions | index("SCMP_ACT_NOTIFY")) and (.linux.seccomp.operators | length == 7) and
    (.linux.seccomp.knownFlags | index("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")) and
    (.mountOptions | index("rro") and index("idmap") and index("tmpcopyup")) and (.hooks | length == 6)' <<<"$output" >/dev/null ||
    fail "$output"
  # Every capability that the kernel has, by its name.
  [ "$(jq '.linux.capabilities | length' <<<"$output")" -eq $(($(cat /proc/sys/kernel/cap_last_cap) + 1)) ]
}
