#!/usr/bin/env bats
# The JSON Schema of policy files, judged by a validator that is not ours.

bats_require_minimum_version 1.5.0

load ../lib/env

setup_file() {
  make_private_directory
  "$CTL" policy schema >"$T/schema.json"
}

teardown_file() { remove_private_directory; }

# Debian's python, whatever stands before it in PATH: the package python3-jsonschema belongs to it.
validate() { /usr/bin/python3 "$TESTS_LIB/validate_schema.py" "$T/schema.json" "$@"; }

# refused NAME: the policy on stdin, by the schema and by the reader alike
refused() {
  cat >"$T/$1.yaml"
  run validate "$T/$1.yaml"
  expect 1 "does not fit"
  run "$CTL" policy check "$T/$1.yaml"
  expect 1
}

@test "the schema fits every shipped policy, and every policy of the vectors" {
  run validate "$REPO"/policy/presets/*.yaml "$REPO"/tests/data/*-vectors.json "$REPO"/policy/presets/vectors/*.json
  expect 0 "slack.yaml: fits" "openclaw-sandbox.yaml: fits" "policy-vectors.json: "
}

@test "the schema fits what convert prints of every form" {
  cat >"$T/four.yaml" <<'EOT'
policies:
  - {name: 7, binary: {allow: [git]}, destination: {allow: ["git.example.test"]}, method: {allow: [GET]}, path: {allow: ["/**"]}}
EOT
  sed -n '2s/^ *//p' "$T/four.yaml" >"$T/bare.yaml"
  echo 'egress: {rules: [{host: a.example.test, port: 22}]}' >"$T/egress.yaml"
  local form
  for form in four bare egress; do
    "$CTL" policy convert "$T/$form.yaml" >"$T/$form-full.yaml"
    run validate "$T/$form.yaml" "$T/$form-full.yaml"
    expect 0 "$form.yaml: fits" "$form-full.yaml: fits"
  done
}

@test "the schema knows every extension" {
  cat >"$T/extensions.yaml" <<'EOT'
version: 1
filesystem_policy: {include_workdir: true, read_only: [/usr], no_access: [/usr/share], execute: [/usr/bin, "**/python3"]}
landlock: {compatibility: hard_requirement}
process: {run_as_user: 1000, capabilities: ["ambient:CHOWN"], max_core_bytes: 0, syscalls: {base: docker, deny: [bpf]}}
network_policies:
  a:
    endpoints:
      - {host: a.example.test, ports: [80, 443], protocol: mcp, mcp: {allow_all_known_mcp_methods: true}, rules: [{allow: {method: x, tool: y}}]}
      - {host: b.example.test, port: 443, protocol: rest, deny_rules: [{method: "*", path: /a, query: {k: {any: [1, b]}}}], access: read-only,
         limits: {requests_per_minute: 1}, allow_encoded_slash: true, enforcement: audit}
    binaries: [{script: /opt/x, via: /usr/bin/y, sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}]
inbound: [{port: 8080, protocol: tcp, from: [10.0.0.0/8]}]
dns: {mode: off}
approval: {mode: ask, hold_ms: 0, default_lifetime: sandbox}
integrity: {files: [{path: /a, sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}], read_only_mounts: [/b]}
audit: {queries: redact, bodies: never}
inference: {routes: [{name: a, provider: ollama, models: {default: m}}], order: [a]}
privacy: {mode: observe, classes: {pii: {redact_to: cloud, else: [local]}, phi: [local]}}
proxy_environment: true
EOT
  run "$CTL" policy check "$T/extensions.yaml"
  expect 0 "warning P0601" "'inference' is read and checked, but not yet in force" "'privacy' is read"
  run validate "$T/extensions.yaml"
  expect 0 fits
}

@test "the schema refuses what the reader refuses, where keys and types can say it" {
  refused misspelt <<<'{version: 1, netwrok_policies: {}}'
  refused version <<<'{version: 2}'
  refused two-forms <<<'{version: 1, egress: {rules: []}}'
  refused nested <<<'{version: 1, process: {max_proceses: 3}}'
  refused word <<<'{version: 1, dns: {mode: maybe}}'
  refused boolean <<<'{version: 1, process: {start_as_root: "yes"}}'
  refused range <<<'{version: 1, process: {max_processes: 0}}'
  refused relative <<<'{version: 1, filesystem_policy: {read_only: [usr]}}'
  refused no-port <<<'{version: 1, network_policies: {a: {endpoints: [{host: a.example.test}]}}}'
  refused two-ports <<<'{version: 1, network_policies: {a: {endpoints: [{host: a.example.test, port: 1, ports: [2]}]}}}'
  refused port-text <<<'{version: 1, network_policies: {a: {endpoints: [{host: a.example.test, port: "443"}]}}}'
  refused no-endpoints <<<'{version: 1, network_policies: {a: {endpoints: []}}}'
  refused no-binaries <<<'{version: 1, network_policies: {a: {endpoints: [{host: a.example.test, port: 1}], binaries: []}}}'
  refused binary <<<'{version: 1, network_policies: {a: {endpoints: [{host: a.example.test, port: 1}], binaries: [{path: /a, script: /b}]}}}'
  refused access-rules <<<'{version: 1, network_policies: {a: {endpoints: [{host: a.example.test, port: 1, access: full, rules: []}]}}}'
  refused rule-key <<<'{version: 1, network_policies: {a: {endpoints: [{host: a.example.test, port: 1, rules: [{deny: {}}]}]}}}'
  refused list-item <<<'[{binary: {allow: [git]}}]'
  refused preset <<<'{preset: {name: a}}'
}

@test "schema takes no argument" {
  run "$CTL" policy schema file.yaml
  expect 2 "no argument is expected"
  run "$CTL" policy schema --format xml
  expect 2 "nemoclawctl policy schema:"
}
