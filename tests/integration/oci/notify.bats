#!/usr/bin/env bats
# NOTIFY_SOCKET: a service that is a container says when it is ready (sd_notify(3)).

load ../../lib/oci

# A service manager's socket, an abstract name with "@"; what it hears goes to $T/heard.
start_manager() {
  rm -f "$T/heard" "$T/manager"
  python3 "$TESTS_LIB/service_manager.py" "$1" "$T/heard" 3>&- &
  manager=$!
  wait_until 5 test -e "$T/heard"
}

teardown() {
  stop_pid "${manager:-}"
  remove_containers
}

notifying() { NOTIFY_SOCKET=$1 rt "${@:2}"; }

ready_command() { command_line sh -c "echo \$NOTIFY_SOCKET; probe-notify STATUS=mine MAINPID=1 STOPPING=1; $1; probe-notify \$(printf 'STATUS=x\nREADY=1'); sleep 300"; }

@test "run: only READY=1 goes on, with the pid as the host sees it, and run --detach waits for it" {
  start_manager "$T/manager"
  make_bundle
  ready_command true
  notifying "$T/manager" run --detach --bundle "$B" "$ID" </dev/null >"$T/out-$BATS_TEST_NUMBER" 2>&1 3>&-
  wait_until 5 grep -q BARRIER "$T/heard"
  run cat "$T/heard"
  expect 0 READY=1 "MAINPID=$(rt state "$ID" | jq .pid)"
  expect_not STATUS STOPPING MAINPID=1$'\n'
  run container_output
  expect 0 /run/notify/notify.sock
  # The folder is the container's only to look at.
  run rt exec "$ID" sh -c 'touch /run/notify/x'
  expect 1
}

@test "create makes the folder and does not wait, start waits; an abstract name" {
  start_manager "@$T/manager"
  make_bundle
  ready_command "sleep 0.3"
  NOTIFY_SOCKET="@$T/manager" create
  [ ! -s "$T/heard" ]
  notifying "@$T/manager" start "$ID"
  run cat "$T/heard"
  expect 0 READY=1 "MAINPID=$(rt state "$ID" | jq .pid)" BARRIER=1
}

@test "a process that ends without a word, a manager that is gone" {
  make_bundle
  command_line sh -c 'exit 3'
  run notifying "$T/no-manager" run --bundle "$B" "$ID"
  expect 3
  ready_command true
  NOTIFY_SOCKET="$T/no-manager" timeout 10 "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --detach --bundle "$B" "$ID" \
    </dev/null >"$T/out-$BATS_TEST_NUMBER" 2>&1 3>&-
  has_status "$ID" running
}
