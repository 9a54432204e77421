#!/usr/bin/env bats
# Every policy command: 0 fine, 1 the answer is no, 2 bad use or an unreadable file; JSON for programs, colour for people.

bats_require_minimum_version 1.5.0

load ../lib/env

setup_file() {
  make_private_directory
  cat >"$T/good.yaml" <<'EOT'
version: 1
landlock: {compatibility: hard_requirement}
network_policies:
  web:
    endpoints: [{host: api.example.test, port: 443, protocol: rest, access: read-only}]
    binaries: [{path: /usr/bin/curl}]
EOT
  printf 'version: 1\nnetwrok_policies: {}\n' >"$T/invalid.yaml"
  printf 'version: 1\n# \xff\n' >"$T/latin.yaml"
  : >"$T/empty.yaml"
  head -c 1100000 /dev/zero | tr '\0' '#' >"$T/huge.yaml"
  cat >"$T/vectors.json" <<'EOT'
{"vectors": [{"name": "one", "layer": "l7", "expect": "allow",
 "request": {"binary": "/usr/bin/curl", "host": "api.example.test", "port": 443, "method": "GET", "path": "/"}}]}
EOT
  sed 's/"allow"/"deny"/' "$T/vectors.json" >"$T/failing.json"
  printf 'preset: {name: p}\nnetwork_policies: {p: {endpoints: [{host: p.example.test, port: 1}]}}\n' >"$T/preset.yaml"
  printf 'policy_directories: [%s]\n' "$T/none" >"$T/no-policies.yaml"
  mkdir "$T/rootfs"
}

teardown_file() { remove_private_directory; }

# The command line that makes each command do its work on one policy file.
words_for() {
  case $1 in
    decide) echo "$2 --binary /usr/bin/curl --method GET https://api.example.test/" ;;
    diff) echo "$2 $T/good.yaml" ;;
    test) echo "$2 --vectors $T/vectors.json" ;;
    add-preset | remove-preset) echo "$2 $T/preset.yaml --dry-run" ;;
    *) echo "$2" ;;
  esac
}

readers() { echo check decide explain convert show lint diff add-preset remove-preset; }

# shellcheck disable=SC2046,SC2086  # words are meant
policy() { "$CTL" policy "$1" $(words_for "$1" "$2") "${@:3}"; }

@test "0: every command has nothing to object to" {
  local command
  for command in $(readers) test; do
    run policy "$command" "$T/good.yaml"
    expect 0
  done
  for command in list schema; do
    run "$CTL" policy "$command"
    expect 0
  done
}

@test "1: the answer is no" {
  local command
  for command in check explain convert show lint diff add-preset remove-preset; do
    run policy "$command" "$T/invalid.yaml"
    expect 1 "invalid.yaml:2:1" P0101 "did you mean 'network_policies'?"
  done
  run "$CTL" policy decide "$T/good.yaml" --binary /usr/bin/curl --method DELETE https://api.example.test/x
  expect 1 denied "nearest:"
  run "$CTL" policy test "$T/good.yaml" --vectors "$T/failing.json"
  expect 1 "FAILED one: expected deny, got allow" "0 passed, 1 failed"
  run "$CTL" policy test "$T/invalid.yaml" --vectors "$T/vectors.json"
  expect 1 "got invalid"
  printf 'version: 1\n' >"$T/loose.yaml"
  run "$CTL" policy lint "$T/loose.yaml"
  expect 1 L0114
}

@test "2: a file that is not there, or is a directory" {
  local command file
  for command in $(readers) test; do
    for file in "$T/missing.yaml" "$T/rootfs/"; do
      run policy "$command" "$file"
      expect 2 "$file"
    done
  done
  run "$CTL" policy test "$T/good.yaml" --vectors "$T/missing.json"
  expect 2 missing.json
  run "$CTL" policy list --config "$T/missing.yaml"
  expect 2 missing.yaml
  run "$CTL" policy lint --rootfs "$T/missing" "$T/good.yaml"
  expect 2 "--rootfs" missing
}

@test "2: bad use" {
  local command
  for command in $(readers) test list schema; do
    run policy "$command" "$T/good.yaml" --no-such-option
    expect 2 "nemoclawctl policy $command:" no-such-option "known options:"
    [ "$command" = schema ] || {
      run policy "$command" "$T/good.yaml" --format xml
      expect 2 "--format is" "'xml'"
    }
    run "$CTL" policy "$command" --help
    expect 0 "usage: nemoclawctl policy $command"
  done
  for command in $(readers); do
    run "$CTL" policy "$command"
    expect 2 "see --help"
  done
  for command in list schema; do
    run "$CTL" policy "$command" word
    expect 2 "no argument is expected"
  done
  run "$CTL" policy test "$T/good.yaml"
  expect 2 "--vectors is missing"
  run "$CTL" policy test --vectors "$T/vectors.json"
  expect 2 "has no policy of its own"
  run "$CTL" policy decide "$T/good.yaml" https://api.example.test/
  expect 2 "--binary is missing"
  run "$CTL" policy decide "$T/good.yaml" --binary curl --method GET https://api.example.test/
  expect 2 "is not absolute"
  run "$CTL" policy decide "$T/good.yaml" --binary /usr/bin/curl --method GET api.example.test
  expect 2 "starts with none of"
  run "$CTL" policy decide "$T/invalid.yaml" --binary /usr/bin/curl --method GET https://api.example.test/
  expect 2 P0101
  run "$CTL" policy
  expect 2 "policy check"
  run "$CTL" policy chekc
  expect 2 "did you mean 'policy check'?"
}

@test "files that are no text, empty or too large are said to be so" {
  local command
  for command in check convert show lint; do
    run policy "$command" "$T/latin.yaml"
    expect 1 P0001
    run policy "$command" "$T/empty.yaml"
    expect 1 P0008
    run policy "$command" "$T/huge.yaml"
    expect 1 P0002
  done
}

@test "vectors that are no vectors are refused with what is wrong" {
  local text
  while IFS='|' read -r text wanted; do
    printf '%s' "$text" >"$T/broken.json"
    run "$CTL" policy test "$T/good.yaml" --vectors "$T/broken.json"
    expect 2 "broken.json: " "$wanted"
  done <<'EOT'
{"vectors": [|line 1
[]|no list 'vectors'
{"vectors": [{"name": "x", "expect": "maybe"}]}|none of allow, deny, invalid
{"vectors": [{"name": "x", "expect": "allow", "layer": "l5"}]}|neither l4 nor l7
{"vectors": [{"name": "x", "expect": "allow", "layer": "l4"}]}|'request' is missing
{"vectors": [{"name": "x", "expect": "allow", "layer": "l4", "request": {"hots": 1}}]}|unknown key 'hots'
EOT
}

@test "--format json is JSON, whatever the answer" {
  local command
  for command in $(readers) test list; do
    if [ "$command" = list ]; then
      run --separate-stderr "$CTL" policy list --format json
    else
      run --separate-stderr policy "$command" "$T/good.yaml" --format json
    fi
    [ "$status" -eq 0 ] || fail "$command: $status" "$output"
    jq -e . <<<"$output" >/dev/null || fail "$command:" "$output"
  done
  run --separate-stderr "$CTL" policy check --format json "$T/invalid.yaml" "$T/missing.yaml"
  [ "$status" -eq 2 ] || fail "$status"
  jq -e '.[0].problems[0].code == "P0101" and (.[1].unreadable | length > 0)' <<<"$output" >/dev/null || fail "$output"
  run --separate-stderr "$CTL" policy decide --format json "$T/good.yaml" --binary /usr/bin/curl --ancestor /bin/sh --method DELETE https://api.example.test/x
  [ "$status" -eq 1 ] || fail "$status"
  jq -e '.verdict == "deny" and .layer == "l7" and .entry == "web" and .rule_line == 5' <<<"$output" >/dev/null || fail "$output"
}

@test "decide matches an ancestor, and says which rule decides" {
  run "$CTL" policy decide "$T/good.yaml" --binary /usr/bin/node --method GET https://api.example.test/
  expect 1 "denied"
  run "$CTL" policy decide "$T/good.yaml" --binary /usr/bin/node --ancestor /bin/sh --ancestor /usr/bin/curl --method GET https://api.example.test/
  expect 0 "allowed" "good.yaml:5: entry 'web'"
  run "$CTL" policy decide --config "$T/config.yaml" pypi --binary /usr/bin/python3.11 --method GET https://pypi.org/simple/requests/
  expect 0 "pypi.yaml:"
}

@test "colour is for terminals, and NO_COLOR is respected" {
  local command="$CTL policy check $T/invalid.yaml"
  run "$CTL" policy check "$T/invalid.yaml"
  expect_not $'\033'
  run env -u NO_COLOR TERM=xterm script -qec "$command" /dev/null
  [[ $output == *$'\033[1;31m'* ]] || fail "$output"
  run env NO_COLOR=1 TERM=xterm script -qec "$command" /dev/null
  expect_not $'\033'
  run env -u NO_COLOR TERM=dumb script -qec "$command" /dev/null
  expect_not $'\033'
}
