#!/usr/bin/env bats
# nemoclawctl's tools for policy files, on files as operators write them. No container is started.

bats_require_minimum_version 1.5.0

load ../lib/env

setup_file() { make_private_directory; }

teardown_file() { remove_private_directory; }

ctl() { "$CTL" "$@"; }

@test "convert prints every form as the full schema, and once more the same" {
  cat >"$T/four.yaml" <<'EOF'
- name: code
  binary: {allow: [git], deny: [/bin/sh]}
  destination: {allow: ["git.example.test", "localhost:3000"], deny: [bad.example.test]}
  method: {allow: [GET]}
  path: {allow: ["/repo/**"]}
EOF
  echo 'egress: {rules: [{host: a.example.test, port: 22}]}' >"$T/egress.yaml"
  local file
  for file in "$T/four.yaml" "$T/egress.yaml" "$REPO"/policy/presets/*.yaml; do
    run --separate-stderr ctl policy convert "$file"
    expect 0 "version: 1"
    printf '%s\n' "$output" >"$T/once.yaml"
    run ctl policy check "$T/once.yaml"
    expect 0 valid
    ctl policy convert "$T/once.yaml" >"$T/twice.yaml"
    diff <(grep -v '^#' "$T/once.yaml") "$T/twice.yaml" || fail "$file is not stable"
    run ctl policy diff "$T/once.yaml" "$T/twice.yaml"
    expect 0 "mean the same"
  done
  run --separate-stderr ctl policy convert --format json "$T/four.yaml"
  expect 0
  # shellcheck disable=SC2154  # run --separate-stderr sets it
  [[ $stderr == *"'localhost' is left out"* ]] || fail "$stderr"
  jq -e '.network_policies.code.binaries | length == 6' <<<"$output" >/dev/null || fail "$output"
}

@test "two forms in one file are refused" {
  printf 'version: 1\negress: {rules: []}\n' >"$T/both.yaml"
  run ctl policy convert "$T/both.yaml"
  expect 1 "both.yaml:2:1: error P0107"
}

@test "test passes the shared vectors, and those that try to get around a policy" {
  local file
  for file in policy-vectors adversarial-vectors spec-vectors mixed-vectors; do
    run ctl policy test --vectors "$REPO/tests/data/$file.json"
    expect 0 "$(jq '.vectors | length' "$REPO/tests/data/$file.json") passed, 0 failed"
  done
  run ctl policy test --format json --vectors "$REPO/tests/data/adversarial-vectors.json"
  expect 0
  jq -e '.passed > 300 and .failed == 0' <<<"$output" >/dev/null || fail "$output"
}

@test "test prints every failure, and what failed last" {
  jq '.vectors |= (.[:3] | map(.expect = (if .expect == "allow" then "deny" else "allow" end)))' "$REPO/tests/data/adversarial-vectors.json" >"$T/wrong.json"
  run ctl policy test --vectors "$T/wrong.json"
  expect 1 "FAILED host-trailing-dot-request: expected deny, got allow"
  [ "${lines[-1]}" = "0 passed, 3 failed" ] || fail "$output"
}

@test "a vector that cannot be read fails alone, and a request that cannot be is denied" {
  jq '.vectors[0] * {expect: "deny"} | {vectors: [. * {name: "typo", request: {hosst: "x"}}, . * {name: "port", request: {port: 0}},
    . * {name: "answer", request: {resolved_ips: ["10.0.0"]}}]}' "$REPO/tests/data/adversarial-vectors.json" >"$T/odd.json"
  run ctl policy test --vectors "$T/odd.json"
  expect 2 "vector 'typo'" "FAILED typo: expected deny, got unreadable: the request has an unknown key 'hosst'"
  [ "${lines[-1]}" = "2 passed, 1 failed" ] || fail "$output"
}

@test "show finds an installed policy by its name" {
  run ctl policy show --config "$T/config.yaml" default
  expect 0 '# policy: "default"' "policy/presets/default.yaml" "sha256:" "read_write:"
  run ctl policy show --config "$T/config.yaml" no-such-one
  expect 2 no-such-one default
}

@test "lint names line, code and fix, and exits with 1" {
  cat >"$T/loose.yaml" <<'EOF'
version: 1
landlock: {compatibility: hard_requirement}
network_policies:
  web:
    endpoints: [{host: api.example.test, port: 443}]
    binaries: [{path: /usr/bin/no-such-program}]
EOF
  run ctl policy lint "$T/loose.yaml"
  expect 1 "loose.yaml:5:17: warning L0103" "help: add 'protocol: rest'"
  expect_not L0112
  mkdir -p "$T/rootfs"
  run ctl policy lint --rootfs "$T/rootfs" "$T/loose.yaml"
  expect 1 L0112
  printf 'version: 1\nlandlock: {compatibility: hard_requirement}\n' >"$T/clean.yaml"
  run ctl policy lint "$T/clean.yaml"
  expect 0 "no findings"
}

@test "lint finds nothing in what is shipped, apart from what is accepted with a reason" {
  run ctl policy lint "$REPO"/policy/presets/*.yaml
  expect 0 "slack.yaml: no findings" "jira.yaml: no findings, 1 accepted"
  expect_not warning
  run ctl policy lint --format json "$REPO"/policy/presets/*.yaml
  expect 0
  jq -e 'length > 5 and all(.[]; .accepted | length > 10)' <<<"$output" >/dev/null || fail "$output"
}

@test "lint wants a reason for what is accepted, and a finding" {
  printf 'version: 1\n# lint: accept L0114\nlandlock: {compatibility: best_effort}\n' >"$T/unsaid.yaml"
  run ctl policy lint "$T/unsaid.yaml"
  expect 1 L0114 "L0116" "without a reason"
  printf '# lint: accept L0105 there was a wildcard\nversion: 1\nlandlock: {compatibility: hard_requirement}\n' >"$T/stale.yaml"
  run ctl policy lint "$T/stale.yaml"
  expect 1 L0117
}

@test "diff says what becomes possible and what stops" {
  printf 'version: 1\nprocess: {capabilities: [KILL]}\n' >"$T/a.yaml"
  printf 'version: 1\negress: {}\n' >"$T/bad.yaml"
  cat >"$T/b.yaml" <<'EOF'
version: 1
network_policies:
  web: {binaries: [{path: /usr/bin/curl}], endpoints: [{host: a.example.test, port: 443, access: read-only}]}
EOF
  run ctl policy diff "$T/a.yaml" "$T/b.yaml"
  expect 0 "becomes possible:" "GET /** at a.example.test:443 by /usr/bin/curl" "stops:" "capability CAP_KILL"
  run ctl policy diff --format json "$T/b.yaml" "$T/a.yaml"
  expect 0
  jq -e '.becomes_possible[0].what == "capability CAP_KILL"' <<<"$output" >/dev/null || fail "$output"
  run ctl policy diff "$T/a.yaml" "$T/bad.yaml"
  expect 1 P0107
}
