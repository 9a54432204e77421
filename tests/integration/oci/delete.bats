#!/usr/bin/env bats
# delete, with and without --force.

load ../../lib/oci

@test "delete of a created container, and delete --force of a running and of an unknown one" {
  make_bundle
  create
  rt delete "$ID"
  create
  rt start "$ID"
  rt delete --force "$ID"
  run rt delete --force "$ID"
  expect 0
  [ -z "$output" ]
  run rt delete "$ID"
  expect 1 "does not exist"
  expect_nothing_left
}
