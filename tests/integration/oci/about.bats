#!/usr/bin/env bats
# What the runtime says of itself and of how it was called: version, help, usage errors, the log.

load ../../lib/oci

@test "--version is what dockerd reads" {
  run "$RUNTIME" --version
  expect 0 "version " "spec: "
  [[ ${lines[0]} == *" version "* ]]
  run grep -c '^commit: ' <<<"$output"
  expect 0 1
}

@test "an unknown verb and an unknown option are errors" {
  run rt frobnicate
  expect nonzero frobnicate
  run rt create --frobnicate "$ID"
  expect 1 frobnicate
}

@test "--log takes the error as JSON and stderr as text" {
  make_bundle
  run rt --log "$T/log-$ID.json" --log-format json create --bundle "$T/no-such-bundle" "$ID"
  expect 1
  [ -n "$output" ]
  jq -es 'length >= 1 and .[-1].level == "error" and (.[-1].msg | length) > 5 and .[-1].time' "$T/log-$ID.json" >/dev/null ||
    fail "$(cat "$T/log-$ID.json")"
}

@test "--help of the program and of every verb exits 0 and begins with its name" {
  local verb
  run "$RUNTIME" --help
  expect 0 "USAGE:" "COMMANDS:"
  [[ ${lines[0]} == NAME:* ]]
  for verb in create delete events exec kill list pause ps resume run spec start state update; do
    for flag in -h --help; do
      run "$RUNTIME" "$verb" "$flag"
      expect 0
      [[ ${lines[0]} == NAME:* && ${lines[1]} == *" $verb"* ]] || fail "$output"
    done
    run "$RUNTIME" help "$verb"
    expect 0
  done
  run "$RUNTIME" help nosuch
  expect 3 "No help topic for 'nosuch'"
  run "$RUNTIME" nosuch -h
  expect 3 "No help topic for 'nosuch'"
}

@test "usage errors are 1: too few and too many arguments, options without a value, unknown ones" {
  local words
  for words in "state" "state a b" "create" "start" "kill" "kill a b c" "delete" "exec" "ps" "pause" "resume" "events" "update" \
    "run" "list a" "spec a" "list --format=nosuch" "state --nosuch x" "--nosuch" "update --memory"; do
    # shellcheck disable=SC2086
    run rt $words
    expect 1
    [ -n "$output" ] || fail "nothing was said about: $words"
  done
}

@test "long options work with one dash, letters without a blank, and after the id" {
  make_bundle
  command_line true
  run rt run -bundle "$B" -no-subreaper "$ID"
  expect 0
  run rt run -b "$B" "$ID"
  expect 0
  start_sleeper
  run rt delete "$ID" -f
  expect 0
}

@test "--debug speaks on stderr, and with --log in the log only" {
  make_bundle
  command_line true
  run rt --debug run --bundle "$B" "$ID"
  expect 0 level=debug
  run rt --debug --log "$T/debug.log" run --bundle "$B" "$ID"
  expect 0
  [ -z "$output" ]
  grep -q level=debug "$T/debug.log"
  run rt --debug --log "$T/debug.json" --log-format json run --bundle "$B" "$ID"
  expect 0
  jq -es 'all(.[]; .level and .msg and .time)' "$T/debug.json" >/dev/null
}

@test "one failure is one record in the log" {
  make_bundle
  command_line no-such-program
  run rt --log "$T/one.json" --log-format json run --bundle "$B" "$ID"
  expect 1
  [ "$(jq -s length "$T/one.json")" -eq 1 ] || fail "$(cat "$T/one.json")"
  run rt --log-format nosuch state x
  expect 1 log-format
}
