#!/usr/bin/env bats
# run: create, start, wait and delete in one.

load ../../lib/oci

@test "run passes output and the exit code" {
  make_bundle
  command_line sh -c 'echo out; exit 23'
  run rt run --bundle "$B" "$ID"
  expect 23 out
  expect_nothing_left
}

@test "run of a process that a signal ends is 128 and the signal" {
  make_bundle
  command_line sh -c 'kill -TERM $$; sleep 5'
  configure '.process.args = ["sh", "-c", "sh -c \"kill -KILL \\$\\$\"; exit $?"]'
  run rt run --bundle "$B" "$ID"
  expect 137
}

@test "run --detach returns while the container runs" {
  make_bundle
  command_line sleep 300
  rt run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
  has_status "$ID" running
}

@test "run --preserve-fds, and nothing else is inherited" {
  make_bundle
  command_line sh -c 'probe-open_fds; true'
  run bash -c "exec 3</dev/null 4</dev/null 7</dev/null; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" \
    run --preserve-fds 1 --bundle "$B" "$ID"
  expect 0 "open_fds: 3 -> /dev/null"
  expect_not "open_fds: 4" "open_fds: 7"
}

@test "run --keep leaves the stopped container and its cgroup" {
  make_bundle
  command_line true
  run rt run --keep --bundle "$B" "$ID"
  expect 0
  has_status "$ID" stopped
  has_cgroup "$NAME/t$BATS_TEST_NUMBER"
  rt delete "$ID"
  expect_nothing_left
}

@test "run --config reads another file" {
  ours || skip "this is crun's"
  make_bundle
  command_line echo from-elsewhere
  mv "$B/config.json" "$T/elsewhere.json"
  run rt run --bundle "$B" --config "$T/elsewhere.json" "$ID"
  expect 0 from-elsewhere
}

@test "run forwards signals to the process and returns its code" {
  make_bundle
  command_line sh -c 'trap "exit 9" TERM; echo ready; while true; do sleep 0.02; done'
  "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --bundle "$B" "$ID" >"$B/out" 2>&1 3>&- &
  local job=$! code=0
  wait_until 5 grep -q ready "$B/out"
  kill -TERM "$job"
  wait "$job" || code=$?
  [ "$code" -eq 9 ]
  expect_nothing_left
}

@test "run of what cannot be executed names it, on one line, and leaves nothing" {
  make_bundle
  printf 'garbage' >"$T/image/garbage"
  chmod +x "$T/image/garbage"
  command_line /garbage
  run rt run --bundle "$B" "$ID"
  rm "$T/image/garbage"
  [ "${#lines[@]}" -eq 1 ]
  expect 1 "exec /garbage: exec format error"
  command_line /etc/passwd
  run rt run --bundle "$B" "$ID"
  expect 1 'exec: "/etc/passwd": permission denied'
  command_line ""
  run rt run --bundle "$B" "$ID"
  expect 1 "executable file not found in"
  expect_nothing_left
}

@test "run of a script whose interpreter is missing says just that" {
  ours || skip "runc 1.1 says it with its prefix"
  make_bundle
  printf '#!/no/such/interpreter\n' >"$T/image/run.sh"
  chmod +x "$T/image/run.sh"
  command_line /run.sh
  run rt run --bundle "$B" "$ID"
  rm "$T/image/run.sh"
  [ "$status" -eq 1 ]
  [ "$output" = "exec /run.sh: no such file or directory" ] || fail "$output"
}

@test "the debug log has the stages by the names that runc gives them" {
  make_bundle
  command_line true
  run rt --debug run --bundle "$B" "$ID"
  expect 0 "nsexec container setup" "child process in init()" "init: closing the pipe to signal completion"
  start_sleeper '.process.execCPUAffinity = {initial: "0"}'
  run rt --debug exec "$ID" true
  ! ours || expect 0 "nsexec container setup" "nsexec: affinity: 0x1" "child process in init()" "setns_init: about to exec"
}
