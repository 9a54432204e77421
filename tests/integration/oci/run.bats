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
