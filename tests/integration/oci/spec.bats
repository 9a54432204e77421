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

@test "spec --bundle writes there, spec --rootless maps the caller" {
  mkdir -p "$T/spec-there" "$T/spec-rootless"
  "$RUNTIME" spec --bundle "$T/spec-there"
  jq -e '.ociVersion and .process.args == ["sh"] and .process.terminal and .root.readonly' "$T/spec-there/config.json" >/dev/null
  "$RUNTIME" spec --rootless --bundle "$T/spec-rootless"
  jq -e '.linux.uidMappings == [{containerID: 0, hostID: 0, size: 1}] and ([.linux.namespaces[].type] | index("user")) and
    ([.linux.namespaces[].type] | index("network") | not) and .linux.resources == null' "$T/spec-rootless/config.json" >/dev/null ||
    fail "$(cat "$T/spec-rootless/config.json")"
  run "$RUNTIME" spec --bundle "$T/no/such/directory"
  expect 1 "no such file or directory"
}
