#!/usr/bin/env bats
# Namespaces: new, joined by path, user and time namespaces; what belongs to them (host name, sysctl).

load ../../lib/oci

@test "namespaces are new where the spec says so" {
  make_bundle
  command_line sh -c 'for n in ipc mnt net pid uts; do readlink /proc/self/ns/$n; done'
  run rt run --bundle "$B" "$ID"
  expect 0
  local n
  for n in ipc mnt net pid uts; do expect_not "$(readlink /proc/self/ns/$n)"; done
}

@test "a namespace is joined by its path" {
  ip netns add "$NAME-join"
  make_bundle ".linux.namespaces |= map(if .type == \"network\" then .path = \"/run/netns/$NAME-join\" else . end)"
  command_line readlink /proc/self/ns/net
  run rt run --bundle "$B" "$ID"
  local wanted
  wanted=$(stat -Lc 'net:[%i]' "/run/netns/$NAME-join")
  ip netns delete "$NAME-join"
  expect 0 "$wanted"
}

@test "a user namespace maps ids" {
  make_bundle '.linux.namespaces += [{type: "user"}]' \
    '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
    '.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
  command_line sh -c 'id -u; cat /proc/self/uid_map'
  run rt run --bundle "$B" "$ID"
  expect 0 100000 65536
}

@test "hostname, domain name, sysctl" {
  make_bundle '.hostname = "agent-host"' '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77"}'
  command_line sh -c 'hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start'
  run rt run --bundle "$B" "$ID"
  expect 0 agent-host 77
}

users='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
  .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'

@test "a user namespace of its own: bind sources that only the host's root reaches, devices, exec" {
  mkdir -p "$T/private/inside"
  touch "$T/private/inside/file"
  chmod 700 "$T/private"
  start_sleeper "$users" ".mounts += [{destination: \"/tmp\", type: \"bind\", source: \"$T/private/inside\", options: [\"bind\"]}]"
  run rt exec "$ID" sh -c 'ls /tmp; id -u; cat /proc/self/uid_map; echo x >/dev/null && echo null-works'
  expect 0 file 100000 null-works
}

@test "a user namespace without root: the first id that it has does the work" {
  ours || skip "runc 1.1 refuses it"
  make_bundle '.linux.namespaces += [{type: "user"}]' '.linux.uidMappings = [{containerID: 1000, hostID: 100000, size: 1}]' \
    '.linux.gidMappings = [{containerID: 1000, hostID: 100000, size: 1}]' '.process.user = {uid: 1000, gid: 1000}' \
    '(.mounts[] | select(.destination == "/dev/pts") | .options) -= ["gid=5"]'
  command_line sleep 300
  create
  rt start "$ID"
  run rt exec "$ID" sh -c 'id -u; id -g; cat /proc/self/uid_map'
  expect 0 1000 100000
}

@test "a user namespace without PIDs of its own: the host's procfs stands in for one" {
  ours || skip "runc 1.1 refuses it"
  make_bundle "$users" '.linux.namespaces |= map(select(.type != "pid"))'
  command_line sh -c 'readlink /proc/self/ns/pid; grep -c " /proc " /proc/self/mountinfo; cat /proc/kcore 2>/dev/null | head -c 1 | wc -c'
  run rt run --bundle "$B" "$ID"
  expect 0 "$(readlink /proc/self/ns/pid)"
  [ "${lines[2]}" = 0 ]
  # With PIDs of its own it would be the wrong ones: that is never done.
}

@test "all namespaces of another container are joined, with its maps and clocks" {
  ours || skip "runc 1.1 lacks the maps"
  start_sleeper "$users" '.linux.namespaces += [{type: "time"}]' '.linux.timeOffsets = {monotonic: {secs: 7881, nanosecs: 2718281}}'
  local pid
  pid=$(rt state "$ID" | jq .pid)
  configure ".linux.namespaces |= map(if .type == \"mount\" then . else
      .path = \"/proc/$pid/ns/\" + ({network: \"net\"}[.type] // .type) end)" \
    'del(.linux.uidMappings, .linux.gidMappings, .linux.timeOffsets, .hostname)' ".linux.cgroupsPath += \"b\""
  command_line sh -c 'cat /proc/self/uid_map /proc/self/timens_offsets; ps | grep -c "[s]leep 300"; readlink /proc/self/ns/net'
  run rt run --bundle "$B" "$ID-2"
  expect 0 100000 7881 "$(readlink "/proc/$pid/ns/net")"
}

@test "a namespace is joined that the joined user namespace does not own" {
  ours || skip "runc 1.1 cannot"
  start_sleeper "$users"
  local pid
  pid=$(rt state "$ID" | jq .pid)
  configure ".linux.namespaces |= map(if .type == \"user\" then .path = \"/proc/$pid/ns/user\"
      elif .type == \"network\" then .path = \"/proc/self/ns/net\" else . end)" \
    'del(.linux.uidMappings, .linux.gidMappings)' ".linux.cgroupsPath += \"b\""
  command_line sh -c 'readlink /proc/self/ns/user; readlink /proc/self/ns/net'
  run rt run --bundle "$B" "$ID-2"
  expect 0 "$(readlink "/proc/$pid/ns/user")" "$(readlink /proc/self/ns/net)"
}

@test "idmapped mounts take the maps of a user namespace that is joined" {
  ours || skip "runc 1.1 has no idmapped mounts"
  start_sleeper "$users"
  local pid
  pid=$(rt state "$ID" | jq .pid)
  mkdir -p "$T/of-host"
  chmod 0755 "$T/of-host"
  configure ".linux.namespaces |= map(if .type == \"user\" then .path = \"/proc/$pid/ns/user\" else . end)" \
    'del(.linux.uidMappings, .linux.gidMappings)' ".linux.cgroupsPath += \"b\"" \
    ".mounts += [{destination: \"/tmp\", source: \"$T/of-host\", options: [\"rbind\", \"idmap\"]}]"
  command_line stat -c '%u %g' /tmp
  run rt run --bundle "$B" "$ID-2"
  expect 0 "0 0"
}

@test "a time namespace has its offsets" {
  ours || skip "runc 1.1 lacks time namespaces"
  make_bundle '.linux.namespaces += [{type: "time"}]' \
    '.linux.timeOffsets = {monotonic: {secs: 7881, nanosecs: 2718281}, boottime: {secs: 1337, nanosecs: 3141519}}'
  command_line cat /proc/self/timens_offsets
  run rt run --bundle "$B" "$ID"
  expect 0
  [[ $output =~ monotonic\ +7881\ +2718281 && $output =~ boottime\ +1337\ +3141519 ]] || fail "$output"
}

@test "a cgroup namespace shows the container's cgroup as the root" {
  make_bundle '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}])'
  command_line cat /proc/self/cgroup
  run rt run --bundle "$B" "$ID"
  expect 0 ":/"
  expect_not "/$NAME"
}

@test "namespaces that cannot be: given twice, unknown, of another type, without what they need" {
  local program
  for program in '.linux.namespaces += [{type: "pid"}]' '.linux.namespaces += [{type: "nosuch"}]' \
    '.linux.namespaces |= map(if .type == "pid" then .path = "/proc/self/ns/uts" else . end)' \
    '.linux.namespaces |= map(if .type == "pid" then .path = "/no/such/namespace" else . end)' \
    '.linux.namespaces |= map(if .type == "pid" then .path = "relative" else . end)' \
    '.linux.namespaces += [{type: "user"}]' '.linux.namespaces |= map(select(.type != "mount"))' \
    '.linux.namespaces |= map(select(.type != "mount")) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] |
      .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] |
      .linux.gidMappings = .linux.uidMappings'; do
    make_bundle "$program"
    command_line true
    run rt run --bundle "$B" "$ID"
    expect 1
  done
  expect_nothing_left
}

@test "without a mount namespace: hooks of all stages, a chroot, exec in it, and no mount stays" {
  ours || skip "runc 1.1 leaves the mounts"
  local hook='[{path: "/bin/sh", args: ["sh", "-c", $script], env: ["PATH=/bin:/usr/bin"]}]' before
  before=$(wc -l </proc/self/mountinfo)
  make_bundle '.linux.namespaces |= map(select(.type != "mount")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []' \
    ".root.readonly = true | (\"echo x >>$T/host-mounts\" as \$script | .hooks = {createRuntime: $hook, createContainer: $hook, poststart: $hook, poststop: $hook})"
  command_line sh -c 'touch /x 2>/dev/null || echo read-only; readlink /proc/self/ns/mnt; echo $$; exec sleep 300'
  create
  rt start "$ID"
  wait_until 5 grep -q '^1$' "$T/out-$BATS_TEST_NUMBER"
  run container_output
  expect 0 read-only "$(readlink /proc/self/ns/mnt)"
  run rt exec "$ID" sh -c 'test -e "$1" || echo inside; pwd; echo $$' sh "$T"
  expect 0 inside /
  rt delete --force "$ID"
  [ "$(wc -l <"$T/host-mounts")" -eq 4 ]
  [ "$(wc -l </proc/self/mountinfo)" -eq "$before" ]
  [ -e "$T/image/bin/sh" ]
  # Not started, and one that fails on the way.
  create
  rt delete "$ID"
  command_line /no/such/program
  run create
  expect 1
  [ "$(wc -l </proc/self/mountinfo)" -eq "$before" ]
  [ -e "$T/image/bin/sh" ]
  expect_nothing_left
}

@test "domainname and the sysctls of namespaces; those of the host are refused" {
  make_bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmax": "12345", "kernel.domainname": "agents"}'
  command_line sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/kernel/domainname'
  run rt run --bundle "$B" "$ID"
  expect 0 1 12345 agents
  local name
  for name in kernel.panic vm.swappiness kernel.hostname net.nosuch ../net.x; do
    make_bundle ".linux.sysctl = {\"$name\": \"1\"}"
    run rt run --bundle "$B" "$ID"
    expect 1 "$name"
  done
  make_bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"}' '.linux.namespaces |= map(select(.type != "network"))'
  run rt run --bundle "$B" "$ID"
  expect 1 net.ipv4.ip_forward
}
