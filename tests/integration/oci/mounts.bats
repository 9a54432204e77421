#!/usr/bin/env bats
# Root file system and mounts.

load ../../lib/oci

@test "a read-only root, and mounts over it" {
  make_bundle '.root.readonly = true' \
    '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec", "size=64k"]}]'
  command_line sh -c 'touch /srv/x; cp /bin/busybox /tmp/b; touch /tmp/y && echo tmp-ok; grep " /tmp " /proc/mounts'
  run rt run --bundle "$B" "$ID"
  expect 0 "Read-only file system" tmp-ok noexec "No space left"
}

@test "bind mounts of directories and of single files, created where the image lacks them" {
  mkdir -p "$T/bind-$ID"
  echo bound >"$T/bind-$ID/file"
  make_bundle ".mounts += [{destination: \"/new/deep\", type: \"bind\", source: \"$T/bind-$ID\", options: [\"rbind\", \"ro\"]},
    {destination: \"/etc/one\", type: \"bind\", source: \"$T/bind-$ID/file\", options: [\"bind\"]}]"
  command_line sh -c 'cat /new/deep/file /etc/one; touch /new/deep/x'
  run rt run --bundle "$B" "$ID"
  rm -rf "$T/image/new" "$T/image/etc/one"
  expect 1 bound "Read-only file system"
}
