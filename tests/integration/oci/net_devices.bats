#!/usr/bin/env bats
# linux.netDevices: interfaces that become the container's.

load ../../lib/oci

# A network namespace of the test's own stands for the host, so that nothing of the machine is touched.
in_host() { nsenter --net="/run/netns/$HOST" "$@"; }

host_rt() { in_host "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" "$@"; }

make_host() {
  HOST=$NAME-$ID
  ip netns add "$HOST"
  in_host ip link add nd0 type dummy 2>/dev/null || in_host ip link add nd0 type veth peer name nd1 ||
    skip "this kernel has neither dummy nor veth interfaces"
  in_host ip address add 10.77.0.5/24 brd + dev nd0
  in_host ip -6 address add fd00:77::5/64 dev nd0 nodad || true
  in_host ip link set nd0 up
}

teardown() {
  remove_containers
  [ -z "${HOST:-}" ] || ip netns delete "$HOST"
}

@test "an interface is moved, renamed, keeps its addresses and is up" {
  make_host
  make_bundle '.linux.netDevices = {"nd0": {"name": "inner0"}}'
  command_line cat /proc/net/dev /proc/net/fib_trie /sys/class/net/inner0/flags
  run host_rt run --bundle "$B" "$ID"
  expect 0 "inner0:" "10.77.0.5"
  expect_not "nd0:"
  # IFF_UP is the lowest bit.
  [ $((${lines[-1]} & 1)) -eq 1 ] || fail "$output"
  run in_host ip link show nd0
  expect nonzero
}

@test "without a name it keeps its own; hooks see it in the container's namespace" {
  make_host
  make_bundle '.linux.netDevices = {"nd0": {}}' \
    ".hooks.createRuntime = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"nsenter -t \$(jq .pid) -n ip -o -4 address show nd0 >$T/seen-$ID\"]}]"
  configure ".hooks.createRuntime[0].env = [\"PATH=$PATH\"]"
  command_line true
  run host_rt run --bundle "$B" "$ID"
  expect 0
  grep -q 10.77.0.5/24 "$T/seen-$ID"
}

@test "an interface that does not exist fails the create and leaves nothing" {
  make_host
  make_bundle '.linux.netDevices = {"nosuch0": {}}'
  command_line true
  run host_rt run --bundle "$B" "$ID"
  expect 1 netDevices nosuch0
  [ ! -e "$T/root/$ID" ]
}

@test "two interfaces with one name, and none without a network namespace" {
  make_bundle '.linux.netDevices = {"a0": {"name": "x"}, "b0": {"name": "x"}}'
  run rt run --bundle "$B" "$ID"
  expect 1 netDevices
  make_bundle '.linux.netDevices = {"a0": {}}' '.linux.namespaces |= map(select(.type != "network"))'
  run rt run --bundle "$B" "$ID"
  expect 1 netDevices "NET namespace"
}
