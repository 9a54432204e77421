#!/usr/bin/env bats
# The claims of the README about what a container cannot take from the host, in the same words, with the runtime called
# directly.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/network
load ../lib/docker
load ../lib/bundle
load ../lib/leaks
load ../lib/policies

setup_file() {
  make_private_directory
  write_policies
  start_network
  build_image_tree "$T/image"
}

teardown_file() {
  kill_ours
  stop_network
  remove_private_directory
}

setup() {
  load_runtime_options
  ID=e$BATS_TEST_NUMBER
}

teardown() { remove_containers; }

# The probe watches as the container's root while PROGRAM, the runtime, runs beside it: `attack PROGRAM`
# The state that PROGRAM is asked for is a pipe which nobody writes until `sleep` ends: so long it stands to be found.
attack() {
  command_line probe-overwrite_runtime 60
  "$T/runtime-copy" "${RT_NONE[@]}" --root "$T/root" run --detach --bundle "$B" "$ID" </dev/null >"$T/overwrite.out" 2>&1 3>&-
  wait_until 10 grep -q watching "$T/overwrite.out"
  "$T/runtime-copy" "${RT_NONE[@]}" --root "$T/root" exec "$ID" "$1" --root /srv/state state waiting </dev/null >"$T/attack.out" 2>&1 3>&- &
  wait_until 5 grep -q "saw a foreign" "$T/overwrite.out" || true
  echo '{}' 1<>"$T/image/srv/state/waiting/state.json"
  wait $! || true
  wait_until 5 grep -q ': ok' "$T/overwrite.out" || true
  rt kill "$ID" KILL || true
  wait_until 15 has_status "$ID" stopped
}

@test "the runtime binary on the host cannot be overwritten from a container" {
  cp "$(readlink -f "$(command -v "$RUNTIME")")" "$T/runtime-copy"
  local before
  before=$(stat -c '%Y %Z' "$T/runtime-copy")
  mkdir -p "$T/image/srv/state/waiting"
  mkfifo "$T/image/srv/state/waiting/state.json"
  # The attack does work on a binary that nothing protects: the same one, as a file that the container was given.
  cp "$T/runtime-copy" "$T/given-copy"
  make_bundle ".mounts += [{destination: \"/srv/given\", type: \"bind\", source: \"$T/given-copy\", options: [\"bind\"]}]"
  attack /srv/given
  run cat "$T/overwrite.out"
  expect 0 ": ok"
  ID=$ID-real
  make_bundle
  attack /proc/self/exe
  run cat "$T/overwrite.out"
  expect 0 watching
  expect_not ": ok"
  [ "$(stat -c '%Y %Z' "$T/runtime-copy")" = "$before" ]
  rm -r "$T/image/srv/state"
}

@test "no descriptor of the host reaches the container" {
  make_bundle
  command_line probe-open_fds
  run bash -c "exec 9</etc 11<'$T'; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --bundle "$B" "$ID"
  expect 1 "open_fds: none"
  command_line sleep 300
  ID=$ID-exec
  create
  rt start "$ID"
  run bash -c "exec 9</etc 11<'$T'; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" exec "$ID" probe-open_fds
  expect 1 "open_fds: none"
}

@test "a working directory in /proc/self/fd does not lead to the host" {
  make_bundle
  local fd
  for fd in 3 4 5 6 7 8 9 10; do
    configure ".process.cwd = \"/proc/self/fd/$fd\""
    command_line sh -c 'cat ../../../../../etc/hostname-of-the-host 2>/dev/null; ls ../../../../../tmp 2>/dev/null; pwd'
    run rt run --bundle "$B" "$ID-$fd"
    expect_not "$(basename "$T")"
  done
}

@test "a link in the image does not lead a mount or a device out of it" {
  rm -rf "$T/image-links" "$T/outside"
  mkdir -p "$T/outside"
  cp -a "$T/image" "$T/image-links"
  ln -s "$T/outside" "$T/image-links/escape"
  rm -rf "$T/image-links/srv"
  ln -s ../../../../../../../../../../.."$T/outside" "$T/image-links/srv"
  make_bundle ".root.path = \"$T/image-links\"" \
    '.mounts += [{destination: "/escape/mounted", type: "tmpfs", source: "none"}, {destination: "/srv/deep", type: "tmpfs", source: "none"}]' \
    '.linux.devices = [{path: "/escape/device", type: "c", major: 1, minor: 3}]'
  command_line true
  run rt run --bundle "$B" "$ID"
  [ -z "$(ls -A "$T/outside")" ] || fail "the host's directory holds: $(ls "$T/outside")"
  rm -rf "$T/image-links"
}

@test "a masked path that the image made a link does not mask or change the host" {
  rm -rf "$T/image-links"
  cp -a "$T/image" "$T/image-links"
  echo host-file >"$T/outside-file"
  ln -sf "$T/outside-file" "$T/image-links/etc/masked"
  make_bundle ".root.path = \"$T/image-links\"" '.linux.maskedPaths = ["/etc/masked"]'
  command_line cat /etc/masked
  run rt run --bundle "$B" "$ID"
  [ "$(cat "$T/outside-file")" = host-file ]
  expect_not host-file
  rm -rf "$T/image-links"
}

@test "a /proc that the image replaced is noticed" {
  rm -rf "$T/image-links"
  cp -a "$T/image" "$T/image-links"
  rmdir "$T/image-links/proc"
  ln -s /tmp "$T/image-links/proc"
  make_bundle ".root.path = \"$T/image-links\""
  command_line true
  run rt run --bundle "$B" "$ID"
  expect nonzero proc
  rm -rf "$T/image-links"
  expect_nothing_left
}

@test "an exec cannot get more than the first process, whatever --process asks for" {
  need_ours
  make_bundle
  command_line sleep 300
  rt_policy "$T/policies/main.yaml" run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
  jq '.process | .args = ["sh", "-c", "probe-caps; probe-mount /tmp; probe-open_read /etc/secret"] | .terminal = false |
    .user = {uid: 0, gid: 0} | .noNewPrivileges = false |
    .capabilities = {bounding: ["CAP_SYS_ADMIN"], permitted: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"]}' \
    "$B/config.json" >"$B/process.json"
  run rt exec --process "$B/process.json" "$ID"
  expect 1 $'CapBnd:\t0000000000000000' $'NoNewPrivs:\t1' $'Seccomp:\t2' "mount: EPERM" "open_read: EACCES"
  expect_not $'Uid:\t0'
}

# ---- the policy and the manager -----------------------------------------------------------------------------------

@test "a policy only ever narrows what the manager asked for" {
  need_ours
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {include_workdir: false, read_only: [/bin, /usr, /lib, /lib64], read_write: [/tmp, /srv, /given, /etc]}
process: {start_as_root: true, capabilities: [CHOWN, SETUID, DAC_OVERRIDE], max_processes: 4000}
EOF
  mkdir -p "$T/given"
  chmod 0777 "$T/given"
  # The policy opens all of these; the manager gave one capability, a read-only root and mount, a mask and 20 processes.
  make_bundle '.root.readonly = true' '.linux.maskedPaths = ["/etc/secret"]' '.linux.resources.pids = {limit: 20}' \
    '.process.capabilities = ({bounding: ["CAP_CHOWN"]} | .permitted = .bounding | .effective = .bounding)' \
    ".mounts += [{destination: \"/given\", type: \"bind\", source: \"$T/given\", options: [\"bind\", \"ro\"]}]"
  # shellcheck disable=SC2016
  command_line sh -c 'probe-caps; probe-open_write /given/file; probe-open_write /srv/file; cat /etc/secret
    for i in $(seq 40); do sleep 2 & done; wait'
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect nonzero $'CapBnd:\t0000000000000001' $'CapEff:\t0000000000000001' "can't fork"
  [ "$(grep -c 'open_write: EROFS' <<<"$output")" -eq 2 ] || fail "$output"
  expect_not "not for agents" "open_write: ok"
}

@test "a create that fails leaves nothing: no cgroup, mount, state, process or namespace" {
  need_ours
  local broken failures=0
  for broken in '.mounts += [{destination: "/tmp/m", type: "bind", source: "/no/such/source", options: ["bind"]}]' \
    '.mounts += [{destination: "/tmp/m", type: "no-such-type", source: "none"}]' \
    '.linux.resources.cpu = {cpus: "4000-4001"}' \
    '.hooks.createRuntime = [{path: "/bin/false", args: ["false"]}]' \
    '.hooks.createContainer = [{path: "/bin/false", args: ["false"]}]'; do
    make_bundle "$broken"
    command_line sleep 300
    run rt_policy "$T/policies/main.yaml" create --bundle "$B" "$ID" </dev/null 3>&-
    expect nonzero
    failures=$((failures + 1))
    expect_nothing_left
  done
  [ "$failures" -eq 5 ]
  # And the same bundle without a fault stands: what failed above were the faults.
  make_bundle
  command_line sleep 300
  rt_policy "$T/policies/main.yaml" create --bundle "$B" "$ID" </dev/null >"$T/create.out" 2>&1 3>&- || fail "$(cat "$T/create.out")"
  [ -n "$(leftovers)" ]
}
