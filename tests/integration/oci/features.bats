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
