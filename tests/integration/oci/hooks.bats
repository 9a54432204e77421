#!/usr/bin/env bats
# Hooks: stages, order, state on stdin, failures, time limits.

load ../../lib/oci

hook() { printf '[{"path": "/bin/sh", "args": ["sh", "-c", %s]}]' "$(jq -Rsc . <<<"$1")"; }

@test "hooks of all stages run, in order, with the state on stdin" {
  make_bundle
  command_line true
  local stage
  # createContainer and startContainer run with the container's root or namespaces: their notes go to a mounted directory.
  mkdir -p "$T/notes"
  chmod 0777 "$T/notes"
  configure ".mounts += [{destination: \"$T/notes\", type: \"bind\", source: \"$T/notes\", options: [\"rbind\", \"rw\"]}]"
  rm -f "$T/notes/$ID"
  for stage in prestart createRuntime createContainer startContainer poststart poststop; do
    configure ".hooks.$stage = $(hook "echo $stage \$(cat | tr -d '\"{}' | tr ',' '\n' | grep -o 'status: *[a-z]*') >>$T/notes/$ID")"
  done
  # The image's shell is /bin/sh too, so that startContainer finds it.
  run rt run --bundle "$B" "$ID"
  expect 0
  run cat "$T/notes/$ID"
  expect 0 "prestart status:creating" "createRuntime status:creating" "createContainer status:creating" startContainer \
    poststart "poststop status:stopped"
  [ "$(awk '{print $1}' <<<"$output" | head -3 | paste -sd' ')" = "prestart createRuntime createContainer" ] || fail "$output"
  # runc's poststart may overtake startContainer; the specification's order is the other one.
  ! ours || [ "$(awk '{print $1}' <<<"$output" | tail -3 | paste -sd' ')" = "startContainer poststart poststop" ] ||
    fail "$output"
}

@test "a failing hook before start fails the create and leaves nothing" {
  local stage
  for stage in prestart createRuntime createContainer; do
    make_bundle
    configure ".hooks.$stage = $(hook "echo because-of-$stage >&2; exit 3")"
    run rt create --bundle "$B" "$ID"
    expect 1
    [[ $output == *hook* ]] || [[ $output == *"$stage"* ]] || fail "no word of the hook in: $output"
    expect_nothing_left
  done
}

@test "the error names the stage and the number of the hook that failed" {
  local stage
  for stage in prestart createRuntime createContainer startContainer poststart; do
    make_bundle "$(printf '.hooks.%s = [{path: "/bin/true"}, {path: "/bin/false"}]' "$stage")"
    command_line echo Hello
    run rt run --bundle "$B" "$ID"
    expect 1 "error running $stage hook #1:"
    # poststart runs after the process: everything before it must have stopped the process from running.
    [ "$stage" = poststart ] || expect_not Hello
  done
  expect_nothing_left
}

@test "hooks start in the bundle, createContainer in the root, startContainer in the process's directory" {
  make_bundle '.process.cwd = "/tmp"' ".mounts += [{destination: \"/notes\", type: \"bind\", source: \"$T/notes\", options: [\"rbind\", \"rw\"]}]"
  mkdir -p "$T/notes"
  chmod 0777 "$T/notes"
  command_line true
  local stage
  for stage in prestart createRuntime createContainer; do configure ".hooks.$stage = $(hook "pwd >>$T/notes/where")"; done
  configure ".hooks.startContainer = $(hook "pwd >>/notes/where")"
  # createContainer runs in the container's mounts, but still below the host's root.
  cd /
  run rt run --bundle "$B" "$ID"
  expect 0
  run cat "$T/notes/where"
  expect 0 "$B"$'\n'"$B"$'\n'"$T/image"$'\n'/tmp
}

@test "hooks without an env have the caller's, startContainer the process's" {
  make_bundle ".mounts += [{destination: \"$T/notes\", type: \"bind\", source: \"$T/notes\", options: [\"rbind\", \"rw\"]}]"
  mkdir -p "$T/notes"
  chmod 0777 "$T/notes"
  rm -f "$T/notes/$ID"
  command_line true
  configure '.process.env = ["PATH=/bin", "OF_THE_CONTAINER=yes"]'
  local stage
  for stage in createRuntime createContainer startContainer poststart poststop; do
    configure ".hooks.$stage = $(hook "echo $stage \$OF_THE_CALLER \$OF_THE_CONTAINER \$HOME >>$T/notes/$ID")"
  done
  configure '.hooks.createRuntime += [{"path": "/bin/sh", "args": ["sh", "-c", "test \"$OF_THE_CALLER\" = \"\""], "env": ["A=b"]}]'
  OF_THE_CALLER=known HOME=/host run rt run --bundle "$B" "$ID"
  expect 0
  run sort "$T/notes/$ID"
  # runc 1.1 has other habits for the stages in the container.
  ! ours || expect 0 "createContainer known /host" "createRuntime known /host" "poststart known /host" \
    "poststop known /host" "startContainer yes /root"
}

@test "a startContainer hook may do what the container's process may, and no more" {
  ours || skip "runc 1.1 lets it run before the filters"
  make_bundle '.process.user = {uid: 1000, gid: 1000}' '.process.capabilities = {}' \
    '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat", "pidfd_open"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
  command_line cat /tmp/of-the-hook
  configure '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]}]' \
    ".hooks.startContainer = $(hook 'id -u >/tmp/of-the-hook; grep -E "Cap(Eff|Bnd)" /proc/self/status >>/tmp/of-the-hook; mkdir /tmp/x 2>>/tmp/of-the-hook; true')"
  run rt run --bundle "$B" "$ID"
  expect 0 1000 $'CapEff:\t0000000000000000' $'CapBnd:\t0000000000000000' "not supported"
}

@test "a hook that a filter kills is named with the signal" {
  ours || skip "runc 1.1 lets it run before the filters"
  make_bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL"}]}' \
    ".hooks.startContainer = $(hook 'exec mkdir /tmp/x')"
  command_line echo Hello
  run rt run --bundle "$B" "$ID"
  expect 1 "error running startContainer hook" "bad system call"
  expect_not Hello
  expect_nothing_left
}
