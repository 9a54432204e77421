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
