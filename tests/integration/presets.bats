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

@test "vectors use every host that a preset names, for something that works and something that is refused" {
  local name
  for name in $(shipped); do
    "$CTL" policy convert --format json "$PRESETS/$name.yaml" >"$T/$name.json"
    run jq -r --slurpfile vectors "$PRESETS/vectors/$name.json" '
      def matches($pattern): . as $host | $pattern | split("*") | if length == 1 then .[0] == $host
        else .[0] as $start | .[1] as $tail | ($host | startswith($start)) and ($host | endswith($tail)) end;
      [.network_policies[].endpoints[].host] | unique[] as $pattern |
      ("allow", "deny") as $expect |
      select([$vectors[0].vectors[] | select(.expect == $expect) | .request.host | select(matches($pattern))] | length == 0) |
      "\($pattern): \($expect)"' "$T/$name.json"
    expect 0
    [ -z "$output" ] || fail "$name has no vectors for:" "$output"
  done
}

@test "presets name node and python where Debian, node:slim and python:slim have them" {
  local name
  for name in slack jira discord npm pypi telegram huggingface outlook github; do
    run jq -e '[.network_policies[].binaries[].path] as $paths
      | [["node", "/usr/bin/node", "/usr/local/bin/node"], ["python3", "/usr/bin/python3*", "/usr/local/bin/python3*"]]
      | map(. as $row | select($paths | any(contains($row[0]))) | $row[1:] - $paths) | length > 0 and all(length == 0)' \
      <("$CTL" policy convert --format json "$PRESETS/$name.yaml")
    expect 0
  done
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
