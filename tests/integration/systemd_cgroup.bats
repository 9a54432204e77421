#!/usr/bin/env bats
# --systemd-cgroup: a transient scope per container, made by systemd and removed with the container. The host's systemd
# with cgroup v2 (or v1), or one of the suite's own where none runs.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/bundle
load ../lib/docker
load ../lib/systemd

setup_file() {
  make_private_directory
  : >"$T/ca.pem"
  build_image_tree "$T/image"
  start_systemd
}

teardown_file() {
  stop_systemd
  remove_suite_cgroups
  remove_private_directory
}

setup() {
  load_runtime_options
  ID=c$BATS_TEST_NUMBER
  UNIT=nct-$NAME-$ID.scope
}

teardown() {
  [ -z "$SYSTEMD_MISSING" ] || return 0
  for directory in "$T"/root/*/; do
    [ -d "$directory" ] || continue
    sd delete --force "$(basename "$directory")" || true
  done
}

need_systemd() { [ -z "$SYSTEMD_MISSING" ] || skip "$SYSTEMD_MISSING"; }

sd() { in_systemd "$RUNTIME" "${RT_NONE[@]}" --systemd-cgroup --root "$T/root" "$@"; }

# A bundle whose scope is $UNIT in a slice of the suite's own.
make_scope_bundle() {
  make_bundle ".linux.cgroupsPath = \"nct.slice:nct-$NAME:$ID\"" "$@"
  command_line sleep 300
}

start_container() {
  sd create --bundle "$B" "$ID" </dev/null >"$T/out-$ID" 2>&1 3>&-
  sd start "$ID"
}

show() { in_systemd systemctl show --value --property "$1" "${2:-$UNIT}"; }

unit_is_gone() { [ "$(show LoadState)" = not-found ]; }

# The container's cgroup files: `cgroup_file V1-CONTROLLER V1-FILE V2-FILE`
cgroup_file() {
  local directory
  directory=$(show ControlGroup)
  if in_systemd test -e /sys/fs/cgroup/cgroup.controllers; then
    in_systemd cat "/sys/fs/cgroup$directory/$3"
  else
    in_systemd cat "/sys/fs/cgroup/$1$directory/$2"
  fi
}

is_v2() { in_systemd test -e /sys/fs/cgroup/cgroup.controllers; }

cgroups_left() { in_systemd find /sys/fs/cgroup -type d -name "*$NAME*"; }

expect_no_unit() {
  wait_until 10 unit_is_gone || fail "the unit is still there: $(show ActiveState) $(show SubState)"
  [ -z "$(cgroups_left)" ] || fail "$(cgroups_left)"
}

@test "a container is a scope in its slice, delegated, and its process is in it" {
  need_systemd
  make_scope_bundle
  start_container
  [ "$(show ActiveState)" = active ]
  [ "$(show Slice)" = nct.slice ]
  [ "$(show Delegate)" = yes ]
  [ "$(show ControlGroup)" = "/nct.slice/$UNIT" ]
  [ "$(show Description)" = "container $ID" ]
  run in_systemd cat "/proc/$(sd state "$ID" | jq .pid)/cgroup"
  expect 0 "/nct.slice/$UNIT"
  # Nobody else is in it: what held the place until the container came is gone.
  run cgroup_file systemd cgroup.procs cgroup.procs
  expect 0
  [ "${#lines[@]}" -eq 1 ] || fail "$output"
  sd delete --force "$ID"
  expect_no_unit
}

@test "without cgroupsPath the scope is nemoclaw-ID in system.slice" {
  need_systemd
  make_bundle 'del(.linux.cgroupsPath)'
  command_line true
  ID=$NAME-$ID
  UNIT=nemoclaw-$ID.scope
  command_line sleep 300
  start_container
  [ "$(show Slice)" = system.slice ]
  sd delete --force "$ID"
  expect_no_unit
}

@test "run leaves neither unit nor cgroup, and passes the exit code" {
  need_systemd
  make_scope_bundle
  command_line sh -c 'exit 31'
  run sd run --bundle "$B" "$ID"
  expect 31
  expect_no_unit
}

@test "a cgroupsPath that is not slice:prefix:name is refused" {
  need_systemd
  make_bundle '.linux.cgroupsPath = "/a/b"'
  run sd run --bundle "$B" "$ID"
  expect 1 "slice:prefix:name"
  [ ! -e "$T/root/$ID" ]
}

@test "limits are the unit's and the kernel's" {
  need_systemd
  make_scope_bundle '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 55}, cpu: {quota: 50000, period: 100000, shares: 512}}'
  start_container
  [ "$(show TasksMax)" = 55 ]
  [ "$(show CPUQuotaPerSecUSec)" = 500ms ]
  if is_v2; then
    [ "$(show MemoryMax)" = 67108864 ]
    [ "$(show CPUWeight)" = "$(cgroup_file - - cpu.weight)" ]
    [ "$(cgroup_file - - cpu.max)" = "50000 100000" ]
  else
    [ "$(show MemoryLimit)" = 67108864 ]
    [ "$(show CPUShares)" = 512 ]
  fi
  [ "$(cgroup_file memory memory.limit_in_bytes memory.max)" = 67108864 ]
  [ "$(cgroup_file pids pids.max pids.max)" = 55 ]
}

@test "update changes both" {
  need_systemd
  make_scope_bundle
  start_container
  sd update --pids-limit 66 --memory 64M "$ID"
  [ "$(show TasksMax)" = 66 ]
  [ "$(cgroup_file pids pids.max pids.max)" = 66 ]
  [ "$(cgroup_file memory memory.limit_in_bytes memory.max)" = 67108864 ]
  sd update --pids-limit -1 "$ID"
  [ "$(show TasksMax)" = infinity ]
  [ "$(cgroup_file pids pids.max pids.max)" = max ]
}

@test "daemon-reload takes nothing back: limits and devices stay" {
  need_systemd
  make_scope_bundle '.linux.resources = {pids: {limit: 55}, devices: [{allow: false, access: "rwm"}]}' \
    '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]'
  start_container
  run sd exec "$ID" head -c 0 /dev/kmsg
  expect nonzero "not permitted"
  in_systemd systemctl daemon-reload
  in_systemd systemctl set-property --runtime "$UNIT" TasksMax=54
  run sd exec "$ID" head -c 0 /dev/kmsg
  expect nonzero "not permitted"
  run sd exec "$ID" head -c 3 /dev/zero
  expect 0
  [ "$(cgroup_file pids pids.max pids.max)" = 54 ]
}

@test "annotations org.systemd.property.* are the unit's properties" {
  need_systemd
  make_scope_bundle '.annotations = {"org.systemd.property.TimeoutStopSec": "uint64 7",
    "org.systemd.property.Description": "'"'"'said by an annotation'"'"'"}'
  start_container
  [ "$(show TimeoutStopUSec)" = 7s ]
  [ "$(show Description)" = "said by an annotation" ]
}

@test "a malformed or unknown property in an annotation fails the create and leaves nothing" {
  need_systemd
  make_scope_bundle '.annotations = {"org.systemd.property.TimeoutStopSec": "soon"}'
  run sd create --bundle "$B" "$ID"
  expect 1 org.systemd.property.TimeoutStopSec
  configure '.annotations = {"org.systemd.property.NoSuchThing": "5"}'
  run sd create --bundle "$B" "$ID"
  expect 1 NoSuchThing
  expect_no_unit
  [ ! -e "$T/root/$ID" ]
}

@test "exec joins the scope; --cgroup a cgroup below it" {
  need_systemd
  make_scope_bundle '.linux.namespaces |= map(select(.type != "cgroup"))'
  start_container
  run sd exec "$ID" cat /proc/self/cgroup
  expect 0 "/nct.slice/$UNIT"
}

@test "pause, resume, ps, kill --all" {
  need_systemd
  make_scope_bundle
  start_container
  sd pause "$ID"
  [ "$(sd state "$ID" | jq -r .status)" = paused ]
  sd resume "$ID"
  run sd ps --format json "$ID"
  [ "$(jq length <<<"$output")" -eq 1 ] || fail "$output"
  sd kill --all "$ID" KILL
  wait_until 10 eval '[ "$(sd state "$ID" | jq -r .status)" = stopped ]'
  sd delete "$ID"
  expect_no_unit
}

@test "what is made below the scope goes with it" {
  need_systemd
  make_scope_bundle
  start_container
  local directory
  directory=$(show ControlGroup)
  if is_v2; then in_systemd mkdir -p "/sys/fs/cgroup$directory/a/b"; else in_systemd mkdir -p "/sys/fs/cgroup/memory$directory/a/b"; fi
  sd delete --force "$ID"
  expect_no_unit
}

@test "a create that fails leaves no unit" {
  need_systemd
  make_scope_bundle '.hooks.createRuntime = [{path: "/bin/false"}]'
  run sd create --bundle "$B" "$ID"
  expect 1 hook
  expect_no_unit
  configure 'del(.hooks)'
  command_line /no/such/program
  run sd create --bundle "$B" "$ID"
  expect 1 "no such file"
  expect_no_unit
}

@test "a scope that runs already is not taken over" {
  need_systemd
  make_scope_bundle
  start_container
  run sd create --bundle "$B" "$ID-second"
  expect 1 "$UNIT"
  [ "$(sd state "$ID" | jq -r .status)" = running ]
  [ "$(show ActiveState)" = active ]
}

@test "ten at once" {
  need_systemd
  make_scope_bundle
  local i
  for i in $(seq 10); do
    mkdir -p "$B-$i"
    jq ".linux.cgroupsPath = \"nct.slice:nct-$NAME:$ID-$i\" | .process.args = [\"sh\", \"-c\", \"exit 7\"]" "$B/config.json" >"$B-$i/config.json"
    (
      status=0
      sd run --bundle "$B-$i" "$ID-$i" </dev/null >"$T/many-$i" 2>&1 3>&- || status=$?
      echo "$status" >"$T/status-$i"
    ) &
  done
  wait
  for i in $(seq 10); do
    [ "$(cat "$T/status-$i")" = 7 ] || fail "$(cat "$T/status-$i" "$T/many-$i")"
  done
  wait_until 10 eval '[ -z "$(cgroups_left)" ]' || fail "$(cgroups_left)"
}

# ---- an ordinary user's own systemd -------------------------------------------------------------------------------

AGENT=4242

need_user_manager() {
  need_systemd
  systemd_is_hosts && is_v2 || skip "an ordinary user's systemd needs a host with systemd and cgroup v2; tests/vm runs this"
  getent passwd $AGENT >/dev/null || skip "there is no user $AGENT"
  systemctl start "user@$AGENT.service"
  cp "$RUNTIME" "$T/runtime"
  mkdir -p "$T/user"
  chown $AGENT:$AGENT "$T/user"
}

as_agent() { setpriv --reuid=$AGENT --regid=$AGENT --clear-groups env -i PATH="$PATH" HOME=/tmp XDG_RUNTIME_DIR=/run/user/$AGENT "$@"; }

agent() { as_agent "$T/runtime" "${RT_NONE[@]}" --systemd-cgroup --root "$T/user/root" "$@"; }

user_show() { as_agent systemctl --user show --value --property "$1" "$UNIT"; }

user_unit_is_gone() { [ "$(user_show LoadState)" = not-found ]; }

@test "a user without privileges: a scope of the user's own systemd, with limits, exec and kill" {
  need_user_manager
  B=$T/user/bundle
  mkdir -p "$B"
  chown $AGENT:$AGENT "$B"
  as_agent bash -c "cd '$B' && '$T/runtime' spec --rootless"
  configure '.process.terminal = false' ".root = {path: \"$T/image\", readonly: true}" \
    ".linux.cgroupsPath = \"user.slice:nct-$NAME:$ID\"" '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}}'
  command_line sleep 300
  agent create --bundle "$B" "$ID" </dev/null >"$T/out-$ID" 2>&1 3>&- || fail "$(cat "$T/out-$ID")"
  agent start "$ID"
  local place
  place=/sys/fs/cgroup$(user_show ControlGroup)
  [[ $place == */user@$AGENT.service/*"$UNIT" ]] || fail "$place"
  [ "$(user_show MemoryMax) $(user_show TasksMax)" = "67108864 33" ]
  [ "$(cat "$place/memory.max") $(cat "$place/pids.max")" = "67108864 33" ]
  grep -q "$UNIT" "/proc/$(agent state "$ID" | jq .pid)/cgroup"
  run agent exec "$ID" id -u
  expect 0 0
  agent update --pids-limit 44 "$ID"
  [ "$(cat "$place/pids.max")" = 44 ]
  agent pause "$ID"
  agent resume "$ID"
  agent kill "$ID" KILL
  wait_until 20 eval '[ "$(agent state "$ID" | jq -r .status)" = stopped ]'
  agent delete "$ID"
  wait_until 20 user_unit_is_gone
  [ ! -e "$place" ]
}

@test "where no systemd runs, the option is an error with its reason" {
  make_bundle '.linux.cgroupsPath = "nct.slice:a:b"'
  run unshare --mount --propagation private bash -c 'mount -t tmpfs tmpfs /run && exec "$@"' - \
    "$RUNTIME" "${RT_NONE[@]}" --systemd-cgroup --root "$T/root" run --bundle "$B" "$ID"
  expect 1 "systemd not running on this host"
  [ ! -e "$T/root/$ID" ]
}
