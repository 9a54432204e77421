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
