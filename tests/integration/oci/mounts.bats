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

# The options and file system of a mount point, as mountinfo has them: `mount_line PATH` inside the container.
mount_line() { printf 'grep " %s " /proc/self/mountinfo | tail -1 | cut -d" " -f5-' "$1"; }

@test "mount options: flags, data of the file system, nosymfollow, recursive ones" {
  mkdir -p "$T/tree-$ID/below"
  make_bundle '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs",
      options: ["ro", "nodev", "nosuid", "noexec", "nosymfollow", "mode=755", "size=1m"]}]'
  command_line sh -c "$(mount_line /mnt); stat -c %a /mnt"
  run rt run --bundle "$B" "$ID"
  expect 0 "ro,nosuid,nodev,noexec" nosymfollow size=1024k mode=755 755
  mount --bind "$T/tree-$ID/below" "$T/tree-$ID/below"
  make_bundle ".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$T/tree-$ID\", options: [\"rbind\", \"rro\", \"rnosuid\"]}]"
  command_line sh -c 'touch /mnt/x; touch /mnt/below/x'
  run rt run --bundle "$B" "$ID"
  umount "$T/tree-$ID/below"
  [ "$(grep -c 'Read-only file system' <<<"$output")" -eq 2 ] || fail "$output"
}

@test "mount propagation of the root and of a mount" {
  local asked
  for asked in shared slave private unbindable; do
    make_bundle ".linux.rootfsPropagation = \"$asked\""
    command_line sh -c 'head -1 /proc/self/mountinfo | cut -d" " -f4-8'
    run rt run --bundle "$B" "$ID"
    expect 0
    if ours; then
      case $asked in
        shared) expect 0 "shared:" ;;
        unbindable) expect 0 "unbindable" ;;
        *) expect_not "shared:" unbindable ;;
      esac
    fi
  done
  make_bundle ".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$T/image/etc\", options: [\"rbind\", \"rshared\"]}]"
  command_line sh -c "$(mount_line /mnt)"
  run rt run --bundle "$B" "$ID"
  expect 0 "shared:"
}

@test "a tmpfs takes the mode of what it covers, and with tmpcopyup its content" {
  chmod 1777 "$T/image/tmp"
  make_bundle '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"},
      {destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]'
  command_line sh -c 'stat -c %a /tmp; head -1 /etc/passwd; touch /etc/new && echo writable'
  run rt run --bundle "$B" "$ID"
  expect 0 1777 root:x:0 writable
  [ ! -e "$T/image/etc/new" ]
}

@test "a tmpfs where the image has nothing has the mode that a tmpfs has" {
  ours || skip "runc 1.1 takes the mode of the directory that it made"
  rm -rf "$T/image/not-there"
  make_bundle '.mounts += [{destination: "/not-there/at-all", type: "tmpfs", source: "tmpfs", options: ["nosuid"]}]'
  command_line sh -c 'stat -c %a /not-there/at-all; stat -c %a /not-there'
  run rt run --bundle "$B" "$ID"
  rm -rf "$T/image/not-there"
  expect 0 1777 755
  make_bundle '.mounts += [{destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["mode=1500"]}]'
  command_line stat -c %a /etc
  run rt run --bundle "$B" "$ID"
  expect 0 1500
}

bind() { printf '.mounts += [{destination: "%s", type: "bind", source: "%s", options: ["%s", "rprivate"]%s}]' "$1" "$2" "$3" "${4:-}"; }

@test "a bind mount of the container's own directory has what was mounted there before" {
  ours || skip "runc 1.1 does not have it with idmapped mounts"
  mkdir -p "$T/a" "$T/b" "$T/image/first" "$T/image/second"
  echo of-a >"$T/a/file"
  echo of-b >"$T/b/file"
  mkdir -p "$T/a/x"
  local program map=', uidMappings: [{containerID: 0, hostID: 100000, size: 65536}], gidMappings: [{containerID: 0, hostID: 100000, size: 65536}]'
  for program in "" "$map"; do
    # A destination may be written as the host sees it.
    make_bundle "$(bind /first "$T/a" bind)" "$(bind /first/x "$T/b" bind)" "$(bind "$T/image/second" "$T/image/first" rbind "$program")"
    command_line sh -c 'cat /second/file /second/x/file; stat -c %u /second/file'
    run rt run --bundle "$B" "$ID"
    expect 0 of-a of-b
    [ -z "$program" ] || expect 0 100000
  done
  rmdir "$T/image/first" "$T/image/second"
}

@test "sources relative to the bundle, types left out, remounts, the later of two mounts" {
  make_bundle
  echo in-the-bundle >"$B/file"
  configure '.mounts += [{destination: "/mnt/file", source: "file", options: ["bind"]},
      {destination: "/mnt/file", type: "bind", source: "file", options: ["bind", "remount", "ro"]},
      {destination: "/srv", type: "tmpfs", source: "tmpfs"}, {destination: "/srv", type: "bind", source: ".", options: ["bind"]}]'
  command_line sh -c 'cat /mnt/file /srv/file; echo x >/mnt/file'
  run rt run --bundle "$B" "$ID"
  rm -rf "$T/image/mnt/file"
  expect 1 "in-the-bundle"$'\n'"in-the-bundle" "Read-only file system"
}

@test "idmapped mounts, without a user namespace and with the container's own maps" {
  ours || skip "runc 1.1 ignores the maps"
  mkdir -p "$T/mapped-$ID"
  touch "$T/mapped-$ID/file"
  chown 100001:100002 "$T/mapped-$ID/file"
  make_bundle ".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$T/mapped-$ID\", options: [\"bind\"],
      uidMappings: [{containerID: 100000, hostID: 0, size: 65536}], gidMappings: [{containerID: 100000, hostID: 0, size: 65536}]}]"
  command_line stat -c %u:%g /mnt/file
  run rt run --bundle "$B" "$ID"
  [[ $output != *"nvalid argument"* ]] || skip "the file system of the test directory cannot be idmapped"
  expect 0 1:2
}

@test "proc, sysfs, mqueue, devpts, tmpfs and cgroup are mounted as the default config has them" {
  make_bundle
  command_line sh -c 'cut -d" " -f5- /proc/self/mountinfo'
  run rt run --bundle "$B" "$ID"
  expect 0 "/proc rw" "/dev rw,nosuid" "- devpts devpts rw,gid=5,mode=620,ptmxmode=666" "- tmpfs shm" "- mqueue mqueue" \
    "/sys ro,nosuid,nodev,noexec" "/sys/fs/cgroup ro"
}

@test "mounts that cannot be made name the mount and the reason, and leave nothing" {
  local mount
  for mount in '{destination: "/mnt", type: "bind", source: "/no/such", options: ["bind"]}' \
    '{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["nosuchoption"]}' \
    '{destination: "/mnt", type: "nosuchfs", source: "none"}' '{destination: "/etc/passwd/below", type: "tmpfs", source: "tmpfs"}'; do
    make_bundle ".mounts += [$mount]"
    run rt run --bundle "$B" "$ID"
    expect 1 "mount '/"
  done
  expect_nothing_left
}

@test "--no-pivot" {
  make_bundle
  command_line sh -c 'ls / | head -1; ls /proc/self/status'
  run rt run --no-pivot --bundle "$B" "$ID"
  expect 0 bin /proc/self/status
}

@test "--no-pivot does not give a procfs away in which nothing is masked" {
  make_bundle '.process.capabilities.bounding += ["CAP_SETFCAP"]' '.process.capabilities.permitted += ["CAP_SETFCAP"]'
  command_line unshare -mrpf sh -c 'mount -t proc none /proc && echo exposed'
  run rt run --no-pivot --bundle "$B" "$ID"
  expect 1 "ermission denied"
  expect_not exposed
  grep -q ' - proc ' /proc/self/mountinfo || fail "the host's procfs is gone"
}

@test "a read-only tmpfs, filled before it is: /dev with its devices, one with mounts in it, one that is copied up" {
  make_bundle '(.mounts[] | select(.destination == "/dev") | .options) += ["ro"]' \
    '.mounts += [{destination: "/outer", type: "tmpfs", source: "tmpfs", options: ["ro"]},
                 {destination: "/outer/inner", type: "tmpfs", source: "tmpfs"},
                 {destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["ro", "tmpcopyup"]}]'
  command_line sh -c 'touch /outer/inner/x && echo >/dev/null && ls /dev/pts /dev/shm >/dev/null && [ -s /etc/passwd ] && echo filled
    for file in /dev/x /outer/x /etc/x; do touch "$file" 2>&1; done'
  run rt run --bundle "$B" "$ID"
  expect 1 filled "/dev/x: Read-only" "/outer/x: Read-only" "/etc/x: Read-only"
}
