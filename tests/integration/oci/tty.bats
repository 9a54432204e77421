#!/usr/bin/env bats
# Terminals: console sockets, the proxy for the caller's own terminal.

load ../../lib/oci

@test "--console-socket receives the terminal, and its size arrives" {
  make_bundle '.process.terminal = true'
  command_line sh -c 'sleep 0.3; tty; stty size; echo console-end'
  run "$TESTS_LIB/console.py" "$T/console-$ID" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --detach --bundle "$B" \
    --console-socket "$T/console-$ID" "$ID"
  expect 0 /dev/pts/ "33 44" "console-end"
}

@test "run in a terminal proxies it, with plain newlines" {
  make_bundle '.process.terminal = true'
  command_line sh -c 'tty; stty -a; exit 11'
  run script -qec "'$RUNTIME' ${RT_NONE[*]} --root '$T/root' run --bundle '$B' '$ID'" /dev/null </dev/null
  expect 11 /dev/pts/ "-onlcr"
}

@test "a terminal without a console socket is refused for create, and so is a socket without a terminal" {
  make_bundle '.process.terminal = true'
  run rt create --bundle "$B" "$ID"
  expect 1 console
  configure '.process.terminal = false'
  run rt create --bundle "$B" --console-socket "$T/nobody" "$ID"
  expect 1 console
}

@test "a terminal belongs to the user, is all three streams, and works when stdin is none" {
  make_bundle '.process.terminal = true' '.process.user = {uid: 1000, gid: 100}'
  command_line sh -c 'stat -c %u:%g $(tty); for n in 0 1 2; do readlink /proc/self/fd/$n; done; stat -c %F /dev/console'
  run rt run --bundle "$B" "$ID" </dev/null
  expect 0 1000:5 "character special file"
  [ "$(grep -c '^/dev/pts/' <<<"$output")" -eq 3 ] || fail "$output"
}

@test "exec --tty: the caller's terminal is proxied, consoleSize of a process file holds" {
  start_sleeper
  run script -qec "'$RUNTIME' ${RT_NONE[*]} --root '$T/root' exec --tty '$ID' sh -c 'tty; exit 4'" /dev/null </dev/null
  expect 4 /dev/pts/
  jq -n '{terminal: true, consoleSize: {height: 10, width: 110}, args: ["stty", "size"], cwd: "/", user: {uid: 0, gid: 0}}' >"$B/p.json"
  run rt exec --tty --process "$B/p.json" "$ID" </dev/null
  expect 0 "10 110"
}

@test "exec: a terminal without a socket, and a socket without a terminal, are refused when detached" {
  start_sleeper
  run rt exec --tty --detach "$ID" true
  expect 255 console
  run rt exec --console-socket /no/such "$ID" true
  expect 255 console
  run rt exec --detach --console-socket /no/such "$ID" true
  expect 255 console
}
