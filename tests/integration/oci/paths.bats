#!/usr/bin/env bats
# Masked and read-only paths.

load ../../lib/oci

@test "masked and read-only paths" {
  make_bundle '.linux.maskedPaths = ["/etc/secret", "/proc/kcore"]' '.linux.readonlyPaths = ["/proc/sys", "/srv"]'
  command_line sh -c 'wc -c </etc/secret; touch /srv/x; ls /proc/sys >/dev/null && echo seen'
  run rt run --bundle "$B" "$ID"
  expect 0 0 "Read-only file system" seen
}
