#!/usr/bin/env bats
# create: ids, bundles, pid files, and every reason to refuse.

load ../../lib/oci

@test "an id that is taken is refused, and the container that has it is untouched" {
  make_bundle
  create
  run rt create --bundle "$B" "$ID"
  expect 1 "container with given ID already exists"
  has_status "$ID" created
}

@test "ids with a path in them, empty ids and dots are refused" {
  make_bundle
  local id
  for id in ../evil a/b .. . "" "a b"; do
    run rt create --bundle "$B" "$id"
    expect nonzero
    run rt state "$id"
    expect nonzero
  done
  [ ! -e "$T/evil" ]
}

@test "a relative --pid-file is relative to the caller" {
  make_bundle
  mkdir -p "$T/here"
  (cd "$T/here" && create --pid-file p.pid)
  [ "$(cat "$T/here/p.pid")" = "$(rt state "$ID" | jq .pid)" ]
}

@test "Docker's own config.json of 20.10 runs" {
  [ -e "$REPO/tests/data/config/docker-20.10.json" ] || skip "tests/data/config/docker-20.10.json is not there"
  make_bundle
  jq --slurpfile docker "$REPO/tests/data/config/docker-20.10.json" '.linux.seccomp = $docker[0].linux.seccomp' \
    "$B/config.json" >"$B/new" && mv "$B/new" "$B/config.json"
  command_line sh -c 'echo under the profile; probe-unshare'
  run rt run --bundle "$B" "$ID"
  expect 1 "under the profile" "unshare: EPERM"
}

@test "without a process a container can be created, looked at and deleted, but not started" {
  ours || skip "runc refuses it, which the specification does not"
  make_bundle 'del(.process)'
  create
  has_status "$ID" created
  run rt start "$ID"
  expect 1 "process"
  has_status "$ID" created
  rt delete "$ID"
  expect_nothing_left
}

@test "create refuses what cannot be started, and says which field it is" {
  local program
  for program in '.process.args = []' '.process.cwd = ""' '.process.cwd = "relative"' '.process.env = ["NOVALUE"]' \
    '.process.rlimits = [{type: "RLIMIT_FOO", soft: 1, hard: 1}]' '.root.path = "/no/such"' '.root.path = "/etc/passwd"' \
    '.linux.rootfsPropagation = "foo"' '.linux.namespaces += [{type: "pid"}]' '.linux.namespaces += [{type: "foo"}]' \
    '.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 3}]' '.linux.sysctl = {"vm.swappiness": "1"}' \
    '.linux.namespaces |= map(select(.type != "uts"))' '.hooks.prestart = [{path: "relative"}]'; do
    make_bundle "$program"
    run rt create --bundle "$B" "$ID"
    expect 1
    [ "${#lines[@]}" -ge 1 ] || fail "no reason given for $program"
  done
  expect_nothing_left
}
