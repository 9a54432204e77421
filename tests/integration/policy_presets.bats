#!/usr/bin/env bats
# Presets into policy files and out again: what changes in the file, and what does not.

bats_require_minimum_version 1.5.0

load ../lib/env

setup_file() { make_private_directory; }

teardown_file() { remove_private_directory; }

setup() { cp "$REPO/policy/presets/openclaw-sandbox.yaml" "$T/agent.yaml"; }

edit() { "$CTL" policy "$1" --config "$T/config.yaml" "${@:2}"; }

@test "every preset goes into the default policy, works there, and comes out without a trace" {
  local name
  cp "$REPO/policy/presets/default.yaml" "$T/all.yaml"
  run edit add-preset "$T/all.yaml" slack jira discord npm pypi docker telegram huggingface outlook github
  expect 0 "added 'slack', 'jira'"
  run "$CTL" policy check "$T/all.yaml"
  expect 0 valid
  for name in slack jira discord npm pypi docker telegram huggingface outlook github; do
    run "$CTL" policy test "$T/all.yaml" --vectors "$REPO/policy/presets/vectors/$name.json"
    expect 0 "0 failed"
  done
  run edit add-preset "$T/all.yaml" slack jira
  expect 0 "nothing to change"
  run edit remove-preset "$T/all.yaml" github outlook huggingface telegram docker pypi npm discord jira slack
  expect 0 removed
  cmp "$T/all.yaml" "$REPO/policy/presets/default.yaml"
  run edit remove-preset "$T/all.yaml" slack
  expect 0 "nothing to change"
}

@test "a preset is added to the baseline without touching the rest, and the file keeps its mode" {
  chmod 0640 "$T/agent.yaml"
  ln -sf agent.yaml "$T/link.yaml"
  run edit add-preset "$T/link.yaml" pypi
  expect 0 "added 'pypi'"
  [ -L "$T/link.yaml" ] || fail "the link was replaced"
  [ "$(stat -c %a "$T/agent.yaml")" = 640 ] || fail "mode $(stat -c %a "$T/agent.yaml")"
  run diff "$REPO/policy/presets/openclaw-sandbox.yaml" "$T/agent.yaml"
  expect 1 '>   # from preset "pypi"' '>           # The index that pip reads'
  expect_not '<'
}

@test "--dry-run prints the difference and writes nothing" {
  run edit add-preset --dry-run "$T/agent.yaml" slack
  expect 0 "--- $T/agent.yaml" '+  # from preset "slack"'
  cmp "$T/agent.yaml" "$REPO/policy/presets/openclaw-sandbox.yaml"
  run edit add-preset --dry-run --format json "$T/agent.yaml" slack
  expect 0
  jq -e '.changed and (.written | not) and .added == ["slack"] and (.diff | contains("from preset"))' <<<"$output" >/dev/null || fail "$output"
}

@test "an entry in the way is refused with both places, and another name helps" {
  run edit add-preset "$T/agent.yaml" slack github
  expect 1 "agent.yaml:" "entry 'github' is not the one of the preset" "github.yaml:" "--as NAME"
  cmp "$T/agent.yaml" "$REPO/policy/presets/openclaw-sandbox.yaml" # all or none
  run edit add-preset "$T/agent.yaml" github --as github_preset
  expect 0 "added 'github_preset'"
  run "$CTL" policy test "$T/agent.yaml" --vectors "$REPO/policy/presets/vectors/github.json"
  expect 0 "0 failed"
  printf 'preset: {name: blind}\nnetwork_policies: {blind: {endpoints: [{host: github.com, port: 443, tls: skip}]}}\n' >"$T/blind.yaml"
  run edit add-preset "$T/agent.yaml" "$T/blind.yaml"
  expect 1 "overlap and disagree on 'tls'" "blind.yaml:2 (entry 'blind')" "agent.yaml:"
}

@test "an entry that was changed is not removed" {
  edit add-preset "$T/agent.yaml" pypi
  sed -i 's/files.pythonhosted.org/files.example.test/' "$T/agent.yaml"
  cp "$T/agent.yaml" "$T/before.yaml"
  run edit remove-preset "$T/agent.yaml" pypi
  expect 1 "has been changed since" "remove it by hand"
  cmp "$T/agent.yaml" "$T/before.yaml"
}

@test "bad use of add-preset and remove-preset exits with 2, an invalid policy with 1" {
  local command
  for command in add-preset remove-preset; do
    run edit "$command" "$T/agent.yaml"
    expect 2 "name one policy file or sandbox, and at least one preset"
    run edit "$command" "$T/missing.yaml" slack
    expect 2 missing.yaml
    run edit "$command" "$T/agent.yaml" no-such-preset
    expect 2 "there is no policy 'no-such-preset'" slack
    run edit "$command" "$T/agent.yaml" default
    expect 2 "is a policy, not a preset"
    run edit "$command" "$T/agent.yaml" slack --format xml
    expect 2 "--format is text or json"
    echo 'version: 2' >"$T/invalid.yaml"
    run edit "$command" "$T/invalid.yaml" slack
    expect 1 P0110
  done
  run edit add-preset "$T/agent.yaml" slack jira --as both
  expect 2 "--as names the entry of one preset"
  echo 'egress: {rules: []}' >"$T/egress.yaml"
  run edit add-preset "$T/egress.yaml" slack
  expect 1 "policy convert"
}
