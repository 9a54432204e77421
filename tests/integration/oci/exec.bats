#!/usr/bin/env bats
# exec: a further process in a container.

load ../../lib/oci

@test "exec passes output, stdin and the exit code" {
  start_sleeper
  run bash -c "echo via stdin | \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" exec "$ID" sh -c 'cat; exit 19'
  expect 19 "via stdin"
}

@test "exec --user, --cwd, --env, --additional-gids" {
  start_sleeper
  run rt exec --user 1234:5678 --additional-gids 77 --cwd /tmp --env COLOUR=red "$ID" sh -c 'id; pwd; echo $COLOUR'
  expect 0 uid=1234 gid=5678 77 /tmp red
}

@test "exec --process takes a file, --detach and --pid-file work together" {
  start_sleeper
  jq '.process | .args = ["sh", "-c", "echo from-file; sleep 100"] | .terminal = false' "$B/config.json" >"$B/process.json"
  rt exec --process "$B/process.json" --detach --pid-file "$B/exec.pid" "$ID" </dev/null >"$B/exec.out" 2>&1 3>&-
  wait_until 5 grep -q from-file "$B/exec.out"
  [ -d "/proc/$(cat "$B/exec.pid")" ]
}

@test "exec of a program that does not exist" {
  start_sleeper
  run rt exec "$ID" no-such-program
  output=${output//\\/}  # runc's text log escapes the quotes
  expect 255 'exec: "no-such-program": executable file not found in $PATH'
  run rt exec "$ID" /no/such/program
  output=${output//\\/}
  expect 255 'exec: "/no/such/program": stat /no/such/program: no such file or directory'
}

@test "exec in a container that is created or stopped" {
  make_bundle
  command_line true
  create
  rt start "$ID"
  wait_until 5 has_status "$ID" stopped
  run rt exec "$ID" true
  expect 255
  [[ $output == *"not running"* ]] || [[ $output == *"stopped container"* ]] || fail "$output"
}

@test "exec --preserve-fds passes exactly those descriptors" {
  start_sleeper
  echo "in descriptor three" >"$T/three"
  run bash -c "exec 3<'$T/three' 4</dev/null; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" \
    exec --preserve-fds 1 "$ID" sh -c 'cat <&3; probe-open_fds'
  expect 0 "in descriptor three" "open_fds: 3 ->"
  expect_not "open_fds: 4"
}
