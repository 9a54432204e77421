#!/usr/bin/env bats
# The presets and the baseline that are shipped: each is a policy without a mistake, and its vectors say what works with
# it and what is refused.

bats_require_minimum_version 1.5.0

load ../lib/env

setup_file() { make_private_directory; }

teardown_file() { remove_private_directory; }

setup() {
  need_ours
  PRESETS=$REPO/policy/presets
}

# Every shipped file but the default policy, which opens nothing.
shipped() { find "$PRESETS" -maxdepth 1 -name '*.yaml' ! -name default.yaml -exec basename {} .yaml \; | sort; }

@test "every preset and the baseline check clean" {
  run "$CTL" policy check "$PRESETS"/*.yaml
  expect 0
  [[ $output != *warning* ]] || fail "$output"
}

@test "every preset has vectors for what works and for what is refused, and all of them pass" {
  local name vectors tested=0
  for name in $(shipped); do
    vectors=$PRESETS/vectors/$name.json
    [ "$(jq '[.vectors[] | select(.expect == "allow")] | length' "$vectors")" -ge 4 ] || fail "$name: too few that work"
    [ "$(jq '[.vectors[] | select(.expect == "deny")] | length' "$vectors")" -ge 4 ] || fail "$name: too few refused"
    run "$CTL" policy test "$PRESETS/$name.yaml" --vectors "$vectors"
    expect 0 "$(jq '.vectors | length' "$vectors") passed, 0 failed"
    tested=$((tested + 1))
  done
  [ "$tested" -eq 11 ] || fail "$tested presets tested"
}

@test "vectors fail with a policy that allows nothing" {
  run "$CTL" policy test "$PRESETS/default.yaml" --vectors "$PRESETS/vectors/pypi.json"
  expect 1 pip-download
}

@test "presets are listed as presets, the baseline as a policy, and their vectors not at all" {
  run "$CTL" policy list --config "$T/config.yaml" --format json
  expect 0
  local name kind
  for name in $(shipped); do
    kind=preset
    [ "$name" != openclaw-sandbox ] || kind=policy
    jq -e --arg name "$name" --arg kind "$kind" 'any(.[]; .name == $name and .kind == $kind)' <<<"$output" >/dev/null ||
      fail "$name is not listed as a $kind:" "$output"
  done
  jq -e 'all(.[]; .file | contains("vectors") | not)' <<<"$output" >/dev/null || fail "$output"
}
