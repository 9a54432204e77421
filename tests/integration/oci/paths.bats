#!/usr/bin/env bats
# Masked and read-only paths.

load ../../lib/oci

@test "masked and read-only paths" {
  make_bundle '.linux.maskedPaths = ["/etc/secret", "/proc/kcore"]' '.linux.readonlyPaths = ["/proc/sys", "/srv"]'
  command_line sh -c 'wc -c </etc/secret; touch /srv/x; ls /proc/sys >/dev/null && echo seen'
  run rt run --bundle "$B" "$ID"
  expect 0 0 "Read-only file system" seen
}

@test "masked: a file is empty, a directory is empty and read-only, neither can be removed or unmounted" {
  mkdir -p "$T/image/hidden"
  touch "$T/image/hidden/secret"
  start_sleeper '.linux.maskedPaths = ["/etc/secret", "/hidden", "/not/there"]'
  run rt exec "$ID" cat /etc/secret
  expect 0
  [ -z "$output" ]
  run rt exec "$ID" sh -c 'ls /hidden; touch /hidden/x; rm -f /etc/secret; umount /hidden'
  rm -rf "$T/image/hidden"
  expect nonzero "Read-only file system"
  expect_not secret$'\n'
}

@test "masked directories share one file system" {
  mkdir -p "$T/image/m1" "$T/image/m2"
  make_bundle '.linux.maskedPaths = ["/m1", "/m2"]'
  command_line stat -c %d /m1 /m2
  run rt run --bundle "$B" "$ID"
  rmdir "$T/image/m1" "$T/image/m2"
  expect 0
  ! ours || [ "${lines[0]}" = "${lines[1]}" ]
}
