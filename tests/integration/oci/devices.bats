#!/usr/bin/env bats
# Devices: the nodes in /dev, and what may be opened.

load ../../lib/oci

@test "devices: the default ones, one that the spec adds, and none that it does not allow" {
  make_bundle '.linux.devices = [{path: "/dev/spec-null", type: "c", major: 1, minor: 3, fileMode: 438}]'
  command_line sh -c 'echo x >/dev/spec-null && echo x >/dev/null && head -c 3 /dev/zero | wc -c; ls -l /dev/ptmx /dev/fd /dev/stdin;
    mknod /dev/disk b 254 0; head -c1 /dev/disk'
  configure '.process.capabilities = {bounding: ["CAP_MKNOD"], permitted: ["CAP_MKNOD"], effective: ["CAP_MKNOD"]}'
  run rt run --bundle "$B" "$ID"
  expect nonzero 3 "/proc/self/fd" "Operation not permitted"
}
