#!/usr/bin/env bats
# An ordinary user's containers: one id, a range of ids by newuidmap, no cgroup, and inside a user namespace.

load ../../lib/oci

AGENT=4242

setup_file() {
  make_private_directory
  cp -a "$OCI_IMAGE" "$T/image"
  cp "$RUNTIME" "$T/runtime"
  printf 'root:x:0:0::/root:/bin/sh\nagent:x:%s:%s::/tmp:/bin/sh\n' $AGENT $AGENT >"$T/passwd"
  echo "agent:200000:65536" >"$T/subids"
  mkdir -p "$T/xdg"
  chown $AGENT:$AGENT "$T/xdg"
  chmod 0700 "$T/xdg"
}

setup() {
  load_runtime_options
  ID=c$BATS_TEST_NUMBER
  [ "$(id -u)" -eq 0 ] || skip "needs root, to become another user"
  need_ours
}

teardown() {
  for directory in "$T"/xdg/nemoclaw/*/; do
    [ -d "$directory" ] || continue
    agent delete --force "$(basename "$directory")" || true
  done
  remove_containers
}

# A command as an ordinary user with ids of his own in /etc/subuid, which only this command sees.
as_agent() {
  # shellcheck disable=SC2016  # for the inner shell
  unshare --mount --propagation private bash -c '
    mount --bind "$0/passwd" /etc/passwd
    touch "$0/none"
    for file in /etc/subuid /etc/subgid; do [ -e $file ] && mount --bind "$0/subids" $file; done
    exec setpriv --reuid='$AGENT' --regid='$AGENT' --clear-groups env -i PATH="$PATH" HOME=/tmp \
      XDG_RUNTIME_DIR="$0/xdg" "$@"' "$T" "$@"
}

agent() { as_agent "$T/runtime" "${RT_NONE[@]}" "$@"; }

# What `spec --rootless` of that user writes.
make_rootless_bundle() {
  B=$T/bundle-$BATS_TEST_NUMBER
  mkdir -p "$B"
  chown $AGENT:$AGENT "$B"
  rm -f "$B/config.json"
  as_agent bash -c "cd '$B' && '$T/runtime' spec --rootless"
  configure '.process.terminal = false' ".root = {path: \"$T/image\", readonly: true}" "$@"
}

agent_run() { agent run --bundle "$B" "$ID"; }

@test "one id, no newuidmap: root inside is the user outside" {
  make_rootless_bundle
  command_line sh -c 'id -u; cat /proc/self/uid_map; cat /proc/self/setgroups'
  run agent_run
  expect 0 "0       $AGENT          1" deny
  [ "${lines[0]}" = 0 ]
  [ ! -e "$T/xdg/nemoclaw/$ID" ]
}

@test "a range of ids by newuidmap and newgidmap" {
  need_program newuidmap
  [ -e /etc/subuid ] || skip "no /etc/subuid to lay another one over"
  local map='[{containerID: 0, hostID: 4242, size: 1}, {containerID: 1, hostID: 200000, size: 65536}]'
  make_rootless_bundle ".linux.uidMappings = $map" ".linux.gidMappings = $map" '.process.user = {uid: 1000, gid: 1000}'
  command_line sh -c 'id -u; cat /proc/self/uid_map'
  run agent_run
  expect 0 1000 "200000      65536"
}

@test "ids that are not the user's are refused" {
  need_program newuidmap
  local map='[{containerID: 0, hostID: 300000, size: 1000}]'
  make_rootless_bundle ".linux.uidMappings = $map" ".linux.gidMappings = $map"
  command_line true
  run agent_run
  expect 1 uidMappings newuidmap
  [ ! -e "$T/xdg/nemoclaw/$ID" ]
}

@test "create, exec, kill and delete without a cgroup" {
  make_rootless_bundle
  command_line sleep 300
  agent create --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
  agent start "$ID"
  [ "$(agent state "$ID" | jq -r .status)" = running ]
  run agent exec "$ID" id -u
  expect 0 0
  agent kill "$ID" KILL
  wait_until 5 eval '[ "$(agent state "$ID" | jq -r .status)" = stopped ]'
  agent delete "$ID"
  [ ! -e "$T/xdg/nemoclaw/$ID" ]
}

@test "limits in a cgroup that was delegated to the user, who cannot write device rules" {
  ! is_unified || skip "tested through the user's systemd in systemd_cgroup.bats"
  local controller
  for controller in /sys/fs/cgroup/*/; do
    [ -e "$controller/tasks" ] || continue
    mkdir -p "$controller/$NAME"
    for file in cpuset.cpus cpuset.mems; do [ ! -e "$controller/$file" ] || cat "$controller/$file" >"$controller/$NAME/$file"; done
    chown $AGENT:$AGENT "$controller/$NAME" "$controller/$NAME/tasks" "$controller/$NAME/cgroup.procs"
  done
  make_rootless_bundle ".linux.cgroupsPath = \"/$NAME/agents\"" '.linux.resources = {pids: {limit: 33}, devices: [{allow: false, access: "rwm"}]}'
  command_line sh -c 'grep pids /proc/self/cgroup'
  agent run --detach --bundle "$B" "$ID" </dev/null >"$T/out-$BATS_TEST_NUMBER" 2>&1 3>&- || fail "$(container_output)"
  wait_until 5 grep -q pids "$T/out-$BATS_TEST_NUMBER"
  [ "$(cat "/sys/fs/cgroup/pids/$NAME/agents/pids.max")" = 33 ]
  agent delete --force "$ID"
  [ ! -e "/sys/fs/cgroup/pids/$NAME/agents" ]
}

@test "what needs a cgroup says so" {
  make_rootless_bundle '.linux.resources = {memory: {limit: 67108864}}'
  command_line true
  run agent_run
  expect 1 "cgroup"
  [ ! -e "$T/xdg/nemoclaw/$ID" ]
  make_rootless_bundle '.linux.cgroupsPath = "/not-delegated"'
  command_line true
  run agent_run
  expect 1 "cgroup"
  [ ! -e "$T/xdg/nemoclaw/$ID" ]
}

@test "--rootless true and false" {
  make_rootless_bundle
  command_line true
  run agent --rootless true run --bundle "$B" "$ID"
  expect 0
  run agent --rootless maybe run --bundle "$B" "$ID"
  expect 1 rootless
}

@test "another user's containers are not seen" {
  make_rootless_bundle
  command_line sleep 300
  agent run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
  run rt list --quiet
  expect_not "$ID"
  run agent list --quiet
  expect 0 "$ID"
}
