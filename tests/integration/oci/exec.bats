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

@test "exec in a created container works, in a paused one only with --ignore-paused" {
  make_bundle
  command_line sleep 300
  create
  run rt exec "$ID" echo in-created
  expect 0 in-created
  rt start "$ID"
  rt pause "$ID"
  run rt exec "$ID" true
  expect 255 "cannot exec in a paused container"
  rt exec --ignore-paused "$ID" sh -c 'echo thawed' </dev/null >"$B/paused.out" 2>&1 3>&- &
  local job=$!
  sleep 0.2
  [ ! -s "$B/paused.out" ]
  rt resume "$ID"
  wait "$job"
  grep -q thawed "$B/paused.out"
}

@test "exec: codes of errors, of exits and of signals" {
  start_sleeper
  run rt exec "$ID" false
  expect 1
  run rt exec "$ID" sh -c 'kill -9 $$'
  expect 137
  run rt exec --pid-file /no/such/directory/pid "$ID" true
  expect 255 "no such file or directory"
  run rt exec no-such-container true
  expect 255 "container does not exist"
  run rt exec "$ID" /etc/passwd
  expect 255 "permission denied"
  run rt exec "$ID"
  expect 255
  run rt exec --process "$B/no-such-file" "$ID"
  expect 255 "no such file or directory"
  run rt exec --cwd relative "$ID" pwd
  expect 255 "Cwd must be an absolute path"
  run rt exec --user 1:2:3 "$ID" true
  expect 255
}

@test "exec --env: the last wins, what has no name or no value is refused, HOME is the user's" {
  start_sleeper
  run rt exec --env A=b --env A=c --env 'X=a b' "$ID" env
  expect 0 A=c 'X=a b' TERM=xterm HOME=/root
  expect_not A=b
  run rt exec --env NOVALUE "$ID" true
  expect 255 "invalid environment variable"
  run rt exec --user 1000 "$ID" sh -c 'echo home=$HOME'
  expect 0 home=/
}

@test "exec --cap adds, --no-new-privs sets, and unknown capabilities are warned of" {
  start_sleeper '.process.capabilities = {}' '.process.noNewPrivileges = false'
  run rt exec "$ID" probe-caps
  expect 0 $'CapEff:\t0000000000000000' $'NoNewPrivs:\t0'
  run rt exec --cap CAP_KILL --cap CAP_AUDIT_WRITE --no-new-privs "$ID" probe-caps
  expect 0 $'CapBnd:\t0000000020000020' $'CapEff:\t0000000020000020' $'CapInh:\t0000000000000000' $'NoNewPrivs:\t1'
  run rt exec --cap CAP_NO_SUCH "$ID" true
  expect 0 CAP_NO_SUCH
}

@test "exec --cap is ambient in a container that has inheritable capabilities" {
  ours || skip "runc 1.1 does not"
  start_sleeper '.process.capabilities = {bounding: ["CAP_SYSLOG", "CAP_CHOWN", "CAP_KILL"], inheritable: ["CAP_CHOWN", "CAP_SYSLOG"],
      effective: ["CAP_CHOWN"], permitted: ["CAP_CHOWN", "CAP_KILL"], ambient: ["CAP_CHOWN"]}'
  run rt exec --cap CAP_SYSLOG "$ID" probe-caps
  expect 0 $'CapInh:\t0000000400000001' $'CapPrm:\t0000000400000021' $'CapAmb:\t0000000400000001'
}

@test "exec of a script whose interpreter is missing" {
  start_sleeper
  printf '#!/no/such/interpreter\n' >"$T/image/run.sh"
  chmod +x "$T/image/run.sh"
  run rt exec "$ID" /run.sh
  rm "$T/image/run.sh"
  [ "${#lines[@]}" -eq 1 ]
  expect 255 "exec /run.sh: no such file or directory"
}

@test "exec --cgroup names a cgroup below the container's, and nothing else" {
  is_unified && skip "one hierarchy per controller is cgroup v1"
  start_sleeper
  local path=$NAME/t$BATS_TEST_NUMBER bad
  mkdir "/sys/fs/cgroup/memory/$path/inner" "/sys/fs/cgroup/cpu/$path/inner" "/sys/fs/cgroup/cpu/$path-sibling"
  run rt exec "$ID" cat /proc/self/cgroup
  expect_not inner
  run rt exec --cgroup memory:inner --cgroup cpu:inner "$ID" cat "/proc/self/cgroup"
  expect 0
  [ "$(grep -c '/inner$' <<<"$output")" -eq 2 ] || fail "$output"
  for bad in .. "../t$BATS_TEST_NUMBER-sibling" "cpu:../t$BATS_TEST_NUMBER-sibling"; do
    run rt exec --cgroup "$bad" "$ID" true
    ! ours || expect 255 "bad sub cgroup path"
  done
  run rt exec --cgroup .. "$ID" true
  ! ours || expect 255 " .. is not a sub cgroup path"
  for bad in nonexistent cpu:nonexistent; do
    run rt exec --cgroup "$bad" "$ID" true
    expect 255 " adding pid " "/nonexistent/cgroup.procs: no such file or directory"
  done
  run rt exec --cgroup whaaat:/ "$ID" true
  expect 255 "unknown controller "
  run rt exec --cgroup / "$ID" true
  expect 0
  rmdir "/sys/fs/cgroup/cpu/$path-sibling"
}

@test "exec does not give the host's /dev/null away" {
  start_sleeper
  rt exec --user 1000:1000 "$ID" true </dev/null
  [ "$(stat -c %u:%g /dev/null)" = 0:0 ]
}

@test "--preserve-fds of a descriptor that nobody passed leaves it closed" {
  start_sleeper
  run bash -c "exec 3>&-; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" exec --preserve-fds 1 "$ID" true
  ! ours || expect 0
  configure '.linux.cgroupsPath += "b"' '.process.args = ["ls", "/proc/self/fd"]'
  run bash -c "exec 3>&-; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --preserve-fds 1 --bundle "$B" "$ID-2"
  ! ours || expect 0
}
