#!/usr/bin/env bats
# spec: the config.json to start from.

load ../../lib/oci

@test "spec writes a config.json that runs" {
  make_bundle
  command_line echo "made by spec"
  run rt run --bundle "$B" "$ID"
  expect 0 "made by spec"
}

@test "spec does not overwrite a config.json" {
  make_bundle
  run bash -c "cd '$B' && '$RUNTIME' spec"
  expect 1 config.json
}
