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

# Bundles that differ in their cgroup only: `bundle_for NUMBER`
bundle_for() {
  mkdir -p "$T/many/$1"
  sed "s|/$NAME/t$BATS_TEST_NUMBER|/$NAME/many$1|" "$B/config.json" >"$T/many/$1/config.json"
  echo "$T/many/$1"
}

@test "100 containers created and deleted in parallel" {
  make_bundle
  command_line true
  local i failures=0 jobs=()
  for i in $(seq 100); do bundle_for "$i" >/dev/null; done
  for i in $(seq 100); do
    (rt create --bundle "$T/many/$i" "p$i" </dev/null >/dev/null 2>&1 3>&- && rt delete "p$i") &
    jobs+=($!)
  done
  for i in "${jobs[@]}"; do wait "$i" || failures=$((failures + 1)); done
  [ "$failures" -eq 0 ] || fail "$failures of 100 failed"
  expect_nothing_left
}

@test "kill and delete --force while a create hangs in a hook" {
  make_bundle '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "0.5"]}]'
  rt create --bundle "$B" "$ID" </dev/null >"$B/create.out" 2>&1 3>&- &
  local job=$!
  wait_until 5 eval '[ "$(rt state "$ID" 2>/dev/null | jq -r .status)" = creating ]'
  # Kill does not wait for the create; delete does, and then removes what it made.
  rt kill "$ID" KILL || true
  rt delete --force "$ID"
  wait "$job" || true
  rt delete --force "$ID"
  expect_nothing_left
}

@test "delete during start: one of them waits, and the end is sound" {
  local round
  for round in 1 2 3 4 5; do
    ID=d$BATS_TEST_NUMBER-$round
    make_bundle
    command_line sleep 300
    create
    rt start "$ID" 2>/dev/null &
    rt delete --force "$ID" &
    wait
    run rt state "$ID"
    expect 1 "does not exist"
  done
  expect_nothing_left
}

@test "start from many at once releases the process once" {
  make_bundle
  command_line sh -c 'echo started; exec sleep 300'
  create
  local i
  for i in $(seq 8); do (rt start "$ID" 2>/dev/null && echo won >>"$T/won-$ID") & done
  wait
  [ "$(wc -l <"$T/won-$ID")" -eq 1 ]
  wait_until 5 eval 'container_output | grep -q started'
  [ "$(container_output | grep -c started)" -eq 1 ]
}

@test "pause, resume, update, exec, ps, state and list at once leave the container as it was" {
  start_sleeper
  local i
  for i in $(seq 5); do
    (rt pause "$ID"; rt resume "$ID") >/dev/null 2>&1 &
    rt update --pids-limit $((50 + i)) "$ID" >/dev/null 2>&1 &
    rt exec --ignore-paused "$ID" true </dev/null >/dev/null 2>&1 3>&- &
    rt ps "$ID" >/dev/null 2>&1 &
    rt state "$ID" >/dev/null &
    rt list >/dev/null &
  done
  wait
  rt resume "$ID" 2>/dev/null || true
  has_status "$ID" running
  rt exec "$ID" true
  rt delete --force "$ID"
  expect_nothing_left
}

@test "deletes of one container at once: one of them deletes it, nobody hangs" {
  make_bundle
  create
  local i
  for i in $(seq 8); do (rt delete "$ID" 2>/dev/null && echo won >>"$T/deleted-$ID") & done
  wait
  [ "$(wc -l <"$T/deleted-$ID")" -eq 1 ]
  expect_nothing_left
}
