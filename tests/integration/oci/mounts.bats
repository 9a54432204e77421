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

@test "what would hide a part of /proc is refused, what only informs may be replaced" {
  echo replaced >"$T/information"
  mkdir -p "$T/directory"
  make_bundle ".mounts += [{destination: \"/proc/uptime\", type: \"bind\", source: \"$T/information\", options: [\"bind\"]}]"
  command_line cat /proc/uptime
  run rt run --bundle "$B" "$ID"
  expect 0 replaced
  make_bundle ".mounts += [{destination: \"/proc/sys/kernel/hostname\", type: \"bind\", source: \"$T/information\", options: [\"bind\"]}]"
  run rt run --bundle "$B" "$ID"
  expect 1 "inside /proc"
  make_bundle ".mounts += [{destination: \"/proc\", type: \"bind\", source: \"$T/directory\", options: [\"bind\"]}]"
  run rt run --bundle "$B" "$ID"
  expect 1 "not of type proc"
  ln -s /proc/sys "$T/image/way-in"
  make_bundle '.mounts += [{destination: "/way-in", type: "tmpfs", source: "tmpfs"}]'
  run rt run --bundle "$B" "$ID"
  rm "$T/image/way-in"
  expect 1 "inside /proc"
  expect_nothing_left
}

@test "/proc and /sys of the image must be directories" {
  local name
  for name in proc sys; do
    mv "$T/image/$name" "$T/image/$name.kept"
    ln -s /srv "$T/image/$name"
    make_bundle
    run rt run --bundle "$B" "$ID"
    rm "$T/image/$name"
    mv "$T/image/$name.kept" "$T/image/$name"
    expect 1
    [ "$name" != proc ] || expect 1 "must be mounted on ordinary directory"
  done
  expect_nothing_left
}
