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

@test "devices of the spec: numbers, modes, owners, fifos, in directories of their own" {
  make_bundle '.linux.devices = [{path: "/dev/deep/kmsg", type: "c", major: 1, minor: 11, fileMode: 384, uid: 3, gid: 4},
      {path: "/dev/fifo", type: "p"}, {path: "/dev/tty", type: "c", major: 5, minor: 0}]'
  command_line sh -c 'stat -c "%A %u %g %t %T" /dev/deep/kmsg; stat -c %F /dev/fifo; stat -c %a /dev/tty; ls -l /dev/ptmx'
  run rt run --bundle "$B" "$ID"
  expect 0 "crw------- 3 4 1 b" fifo 666 "pts/ptmx"
}

@test "device rules: the spec's come last, and no rule at all still denies" {
  is_unified && skip "device rules are a program on cgroup v2"
  make_bundle '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}]'
  create
  run cat "/sys/fs/cgroup/devices/$NAME/t$BATS_TEST_NUMBER/devices.list"
  expect 0 "c 10:229 rw" "c 1:3 rwm" "c 136:* rwm"
  expect_not "a *:* rwm"
  rt delete --force "$ID"
  make_bundle 'del(.linux.resources)'
  create
  run cat "/sys/fs/cgroup/devices/$NAME/t$BATS_TEST_NUMBER/devices.list"
  expect 0 "c 1:3 rwm"
  expect_not "a *:* rwm"
}

@test "devices of the spec in a user namespace: also those that the host has not at that path" {
  ours || skip "runc 1.1 binds only what the host has"
  make_bundle '.linux.namespaces += [{type: "user"}]' \
    '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' '.linux.gidMappings = .linux.uidMappings' \
    '.linux.devices = [{path: "/dev/of-spec", type: "c", major: 1, minor: 5, fileMode: 420, uid: 7, gid: 8}]'
  command_line sh -c 'stat -c "%a %u:%g" /dev/of-spec; head -c 4 /dev/of-spec | od -An -c; ls /dev/of-spec'
  run rt run --bundle "$B" "$ID"
  expect 0 "644 7:8" '\0  \0  \0  \0'
  expect_nothing_left
}
