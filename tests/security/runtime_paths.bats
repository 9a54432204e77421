#!/usr/bin/env bats
# What an image, a shared volume or a second container does to the paths that the runtime walks. Each test names the family of
# attacks that it is about; the runtime is called directly and without a policy.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/docker
load ../lib/bundle
load ../lib/leaks

setup_file() {
  make_private_directory
  : >"$T/ca.pem"
  build_image_tree "$T/image"
}

teardown_file() {
  kill_ours
  remove_private_directory
}

setup() {
  load_runtime_options
  ID=p$BATS_TEST_NUMBER
}

teardown() {
  [ ! -e "$T/swapper" ] || { kill "$(cat "$T/swapper")" 2>/dev/null || true; rm -f "$T/swapper"; }
  remove_containers
}

# A /dev of the attacker's, given to the container as a bind mount. $DEV is its directory on the host.
hostile_dev() {
  DEV=$T/dev-$BATS_TEST_NUMBER
  mkdir -p "$DEV/pts" "$DEV/shm" "$DEV/mqueue"
  make_bundle "(.mounts |= map(select(.destination | startswith(\"/dev/\") and . != \"/dev/pts\" | not)))" \
    "(.mounts[] | select(.destination == \"/dev\")) |= {destination: \"/dev\", type: \"bind\", source: \"$DEV\", options: [\"rbind\"]}"
}

@test "CVE-2025-31133: a null device that the container replaced hides nothing and opens nothing" {
  hostile_dev
  echo untouched >"$T/target"
  ln -s "$T/target" "$DEV/null"
  configure '.linux.maskedPaths = ["/etc/secret"]'
  command_line sh -c 'cat /etc/secret; echo written >/etc/secret; stat -c "%F %t:%T" /etc/secret'
  run rt run --bundle "$B" "$ID"
  expect_not "not for agents"
  ! ours || expect 0 "character special file 1:3"
  [ "$(cat "$T/target")" = untouched ]
  expect_nothing_left
}

@test "CVE-2025-52565: a console that the container made a link does not become a mount elsewhere" {
  hostile_dev
  echo untouched >"$T/target"
  mkdir -p "$T/image/elsewhere"
  ln -s /elsewhere/made "$DEV/console"
  ln -s "$T/target" "$DEV/ptmx"
  configure '.process.terminal = true'
  command_line sh -c 'echo in-the-container; grep -c elsewhere /proc/self/mountinfo'
  run rt run --bundle "$B" "$ID" </dev/null
  rm -rf "$T/image/elsewhere"
  expect 1 in-the-container
  [ "$(cat "$T/target")" = untouched ]
  [ ! -e "$T/image/elsewhere/made" ]
  expect_nothing_left
}

@test "CVE-2025-52881: writes to procfs land on procfs, whatever is mounted or linked there" {
  ours || skip "the words are ours"
  mkdir -p "$T/fake-proc/self/attr" "$T/fake-proc/sys/net/ipv4"
  : >"$T/fake-proc/self/attr/exec"
  echo untouched >"$T/fake-proc/sys/net/ipv4/ip_forward"
  make_bundle ".mounts += [{destination: \"/proc\", type: \"bind\", source: \"$T/fake-proc\", options: [\"rbind\"]}]" \
    '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
  run rt run --bundle "$B" "$ID"
  expect 1 "not of type proc"
  # A link of the image that leads into procfs.
  ln -s /proc/self/attr "$T/image/way"
  make_bundle '.mounts += [{destination: "/way", type: "tmpfs", source: "tmpfs"}]'
  run rt run --bundle "$B" "$ID"
  rm "$T/image/way"
  expect 1 "inside /proc"
  [ "$(cat "$T/fake-proc/sys/net/ipv4/ip_forward")" = untouched ]
  expect_nothing_left
}

@test "CVE-2019-16884, CVE-2019-19921: a /proc of the image that is a link or a volume is refused" {
  mv "$T/image/proc" "$T/image/proc.kept"
  ln -s /srv "$T/image/proc"
  make_bundle
  run rt run --bundle "$B" "$ID"
  rm "$T/image/proc"
  mv "$T/image/proc.kept" "$T/image/proc"
  expect 1 proc
  expect_nothing_left
}

# Swaps a directory and a link to the host for as long as the test lasts: `swap DIRECTORY LINK`
swap() {
  python3 - "$1" "$2" <<'EOP' 3>&- &
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
a, b = (os.fsencode(p) for p in sys.argv[1:3])
while os.getppid() > 1:
    libc.renameat2(-100, a, -100, b, 2)
EOP
  echo $! >"$T/swapper"
}

@test "CVE-2021-30465: a volume whose directories are swapped for links while mounts are made leads nowhere else" {
  local volume=$T/volume outside=$T/outside i
  mkdir -p "$volume/place" "$outside/deep"
  ln -s ../../../../../../../../../../.."$outside" "$volume/link"
  swap "$volume/place" "$volume/link"
  make_bundle ".mounts += [{destination: \"/srv\", type: \"bind\", source: \"$volume\", options: [\"rbind\"]},
      {destination: \"/srv/place/made\", type: \"tmpfs\", source: \"tmpfs\"},
      {destination: \"/srv/place/file\", type: \"bind\", source: \"$T/ca.pem\", options: [\"bind\"]}]"
  command_line true
  for i in $(seq 25); do
    rt run --bundle "$B" "$ID-$i" </dev/null >>"$T/rounds" 2>&1 && echo "round worked" >>"$T/rounds" || true
    [ "$(ls "$outside")" = deep ] || fail "round $i made on the host: $(ls "$outside")"
  done
  [ -z "$(ls -A "$outside/deep")" ]
  # Some rounds met the directory: what is tested is not only refusals.
  grep -q "round worked" "$T/rounds" || fail "no round worked:" "$(sort "$T/rounds" | uniq -c)"
  [ -z "$(grep "$outside" /proc/self/mountinfo)" ]
  expect_nothing_left
}

@test "masked and read-only paths hold while the container's volume is swapped" {
  ours || skip "a race that others may lose"
  local volume=$T/volume-2 i
  mkdir -p "$volume/place"
  echo secret >"$volume/place/file"
  ln -s /tmp "$volume/link"
  make_bundle ".mounts += [{destination: \"/srv\", type: \"bind\", source: \"$volume\", options: [\"rbind\"]}]" \
    '.linux.maskedPaths = ["/srv/place/file", "/etc/secret"]' '.linux.readonlyPaths = ["/srv/place", "/proc/sys"]'
  # The paths that nobody swaps are protected in every round, and nothing is mounted on the host.
  command_line sh -c 'cat /etc/secret; echo x >/proc/sys/kernel/hostname'
  swap "$volume/place" "$volume/link"
  for i in $(seq 15); do
    run rt run --bundle "$B" "$ID-$i" </dev/null
    expect_not "not for agents"
  done
  [ -z "$(grep "$volume" /proc/self/mountinfo)" ]
  expect_nothing_left
}

@test "a state directory and a pid file that are links are not followed to somebody else's file" {
  ours || skip "this is about our own files"
  mkdir -p "$T/root" "$T/elsewhere"
  echo untouched >"$T/elsewhere/file"
  ln -s "$T/elsewhere" "$T/root/$ID"
  make_bundle
  run rt create --bundle "$B" "$ID" </dev/null
  expect 1 "already exists"
  rt delete --force "$ID"
  [ "$(cat "$T/elsewhere/file")" = untouched ]
  rm "$T/root/$ID"
  ln -s "$T/elsewhere/file" "$T/pid-link"
  create --pid-file "$T/pid-link"
  [ "$(cat "$T/elsewhere/file")" = untouched ]
  [ ! -L "$T/pid-link" ]
  [ "$(cat "$T/pid-link")" = "$(rt state "$ID" | jq .pid)" ]
}

@test "the state is for its owner alone, and never half written" {
  ours || skip "this is about our own files"
  start_sleeper
  [ "$(stat -c %a "$T/root/$ID/state.json")" = 600 ]
  [ "$(stat -c %a "$T/root/$ID/effective.json")" = 600 ]
  # Read in a loop while verbs write: always whole.
  local i
  for i in $(seq 20); do
    rt update --pids-limit $((100 + i)) "$ID" &
    jq -e .id "$T/root/$ID/state.json" >/dev/null
  done
  wait
}

@test "container ids cannot leave the state root" {
  local id
  make_bundle
  for id in .. . "" a/b ../x "a b" $'a\nb' "$(printf 'x%.0s' $(seq 1100))"; do
    run rt create --bundle "$B" "$id" </dev/null
    expect 1
    run rt delete --force "$id"
    [ -d "$T/image" ]
  done
  expect_nothing_left
}

@test "CVE-2024-21626: no open directory of the host is a working directory, by spec or by exec" {
  ours || skip "runc 1.1.5 has this hole"
  start_sleeper
  local fd
  for fd in 3 5 7 8 9 12; do
    run bash -c "exec 9<'$T' 12</; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" \
      exec --cwd "/proc/self/fd/$fd" "$ID" sh -c 'ls ../../../../..; pwd -P'
    expect_not "$(basename "$T")"
    ln -sfn "/proc/self/fd/$fd" "$T/image/inner"
    run bash -c "exec 9<'$T' 12</; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" \
      exec --cwd /inner "$ID" sh -c 'ls ../../../../..; pwd -P'
    expect_not "$(basename "$T")"
  done
  rm "$T/image/inner"
}

@test "LISTEN_FDS and the environment of the runtime do not reach the container" {
  make_bundle
  command_line env
  run env SECRET_OF_THE_CALLER=1 NOTIFY_SOCKET=/run/x "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --bundle "$B" "$ID"
  expect 0
  expect_not SECRET_OF_THE_CALLER _NEMOCLAW NEMOCLAW_
}
