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
