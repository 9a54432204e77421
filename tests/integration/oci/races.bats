#!/usr/bin/env bats
# Many verbs at once.

load ../../lib/oci

@test "ten verbs on one id at once end in one sound state" {
  make_bundle
  command_line sleep 300
  local i created=0
  for i in $(seq 10); do
    (create && echo made >>"$T/made-$ID") &
  done
  wait
  created=$(wc -l <"$T/made-$ID")
  [ "$created" -eq 1 ]
  has_status "$ID" created
}

@test "many containers at once end and leave nothing" {
  make_bundle
  command_line true
  configure 'del(.linux.cgroupsPath)' ".linux.cgroupsPath = \"\""
  local i failures=0 jobs=()
  for i in $(seq 16); do
    mkdir -p "$T/many/$i"
    jq ".linux.cgroupsPath = \"/$NAME/many$i\"" "$B/config.json" >"$T/many/$i/config.json"
    rt run --bundle "$T/many/$i" "many$i" &
    jobs+=($!)
  done
  for i in "${jobs[@]}"; do wait "$i" || failures=$((failures + 1)); done
  [ "$failures" -eq 0 ]
  expect_nothing_left
}
