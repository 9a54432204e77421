#!/usr/bin/env bats
# The command line of the runtime, called directly: what managers and people call, and what they get back.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/docker
load ../lib/bundle
load ../lib/leaks
load ../lib/policies

setup_file() {
  make_private_directory
  write_policies
  : >"$T/ca.pem"
  build_image_tree "$T/image"
}

teardown_file() {
  kill_ours
  remove_private_directory
}

setup() {
  load_runtime_options
  ID=c$BATS_TEST_NUMBER
}

teardown() { remove_containers; }

# ---- about itself -------------------------------------------------------------------------------------------------

@test "--version is what dockerd reads" {
  run "$RUNTIME" --version
  expect 0 "version " "spec: "
  [[ ${lines[0]} == *" version "* ]]
  run grep -c '^commit: ' <<<"$output"
  expect 0 1
}

@test "features is one JSON object and nothing else" {
  ours || skip "$RUNTIME may be older than the verb"
  run --separate-stderr "$RUNTIME" features
  expect 0
  jq -e '.ociVersionMin and .ociVersionMax and (.hooks | index("prestart")) and (.linux.namespaces | index("network")) and
    (.linux.cgroup.v1 == true) and (.linux.seccomp.enabled == true) and
    (.potentiallyUnsafeConfigAnnotations | index("ai.nemoclaw."))' <<<"$output" >/dev/null || fail "$output"
  [ -z "$stderr" ]
}

@test "spec writes a config.json that runs" {
  make_bundle
  command_line echo "made by spec"
  run rt run --bundle "$B" "$ID"
  expect 0 "made by spec"
}

@test "spec does not overwrite a config.json" {
  make_bundle
  run bash -c "cd '$B' && '$RUNTIME' spec"
  expect 1 config.json
}

@test "an unknown verb and an unknown option are errors" {
  run rt frobnicate
  expect nonzero frobnicate
  run rt create --frobnicate "$ID"
  expect 1 frobnicate
}

# ---- life cycle ---------------------------------------------------------------------------------------------------

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

@test "create, start, state, kill, delete" {
  make_bundle
  command_line sh -c 'echo started >/proc/1/fd/1; exec sleep 300'
  create --pid-file "$T/pid-$ID"
  run rt state "$ID"
  expect 0
  jq -e ".id == \"$ID\" and .status == \"created\" and .bundle == \"$B\" and .pid == $(cat "$T/pid-$ID") and .ociVersion" \
    <<<"$output" >/dev/null || fail "$output"
  [ -z "$(container_output)" ]
  rt start "$ID"
  has_status "$ID" running
  wait_until 5 eval 'container_output | grep -q started'
  run rt delete "$ID"
  expect 1 "cannot delete container" "running"
  rt kill "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  rt delete "$ID"
  run rt state "$ID"
  expect 1 "does not exist"
  expect_nothing_left
}

@test "delete of a created container, and delete --force of a running and of an unknown one" {
  make_bundle
  create
  rt delete "$ID"
  create
  rt start "$ID"
  rt delete --force "$ID"
  run rt delete --force "$ID"
  expect 0
  [ -z "$output" ]
  run rt delete "$ID"
  expect 1 "does not exist"
  expect_nothing_left
}

@test "an id that is taken is refused, and the container that has it is untouched" {
  make_bundle
  create
  run rt create --bundle "$B" "$ID"
  expect 1 "container with given ID already exists"
  has_status "$ID" created
}

@test "ids with a path in them, empty ids and dots are refused" {
  make_bundle
  local id
  for id in ../evil a/b .. . "" "a b"; do
    run rt create --bundle "$B" "$id"
    expect nonzero
    run rt state "$id"
    expect nonzero
  done
  [ ! -e "$T/evil" ]
}

@test "start of a running container is refused" {
  make_bundle
  command_line sleep 300
  create
  rt start "$ID"
  run rt start "$ID"
  expect 1 "cannot start an already running container"
}

@test "verbs on a container that does not exist say so" {
  local verb
  for verb in start state "kill nope TERM" "exec nope true" "ps nope"; do
    case $verb in *nope*) ;; *) verb="$verb nope" ;; esac
    # shellcheck disable=SC2086
    run rt $verb
    expect nonzero "does not exist"
  done
}

@test "kill takes names with and without SIG, numbers, and refuses nonsense" {
  local signal
  for signal in TERM SIGTERM 15; do
    make_bundle
    command_line sh -c 'trap "exit 0" TERM; while true; do sleep 0.05; done'
    ID=k$BATS_TEST_NUMBER-$signal
    create
    rt start "$ID"
    sleep 0.2
    rt kill "$ID" "$signal"
    wait_until 5 has_status "$ID" stopped
    rt delete "$ID"
  done
  create
  run rt kill "$ID" NOSUCH
  expect 1
}

@test "kill of a stopped container says so; kill --all is content" {
  make_bundle
  command_line true
  create
  rt start "$ID"
  wait_until 5 has_status "$ID" stopped
  run rt kill "$ID" TERM
  expect 1 "not running"
  run rt kill --all "$ID" KILL
  expect 0
}

@test "kill --all reaches the children" {
  make_bundle '.linux.namespaces |= map(select(.type != "pid"))'
  command_line sh -c 'sleep 301 & sleep 302'
  create
  rt start "$ID"
  wait_until 5 eval '[ "$(rt ps --format json "$ID" | jq length)" -ge 2 ]'
  rt kill --all "$ID" KILL
  wait_until 5 has_status "$ID" stopped
  rt delete "$ID"
  expect_nothing_left
}

@test "list shows the containers, as a table, as JSON and as ids" {
  make_bundle
  create
  run rt list
  expect 0 ID PID STATUS BUNDLE "$ID" created
  run rt list --quiet
  expect 0 "$ID"
  run rt list --format json
  expect 0
  jq -e ".[0].id == \"$ID\" and .[0].status == \"created\" and .[0].pid > 1" <<<"$output" >/dev/null || fail "$output"
}

@test "list and state leave alone what another runtime keeps in the same root" {
  make_bundle
  create
  mkdir -p "$T/root/foreign"
  echo '{"not": "ours"}' >"$T/root/foreign/state.json"
  run rt list --quiet
  rm -r "$T/root/foreign"
  ours || skip "this is about our own list"
  expect 0 "$ID"
  expect_not foreign
}

@test "ps lists the processes, as JSON and as a table" {
  make_bundle
  command_line sleep 300
  create --pid-file "$T/pid-$ID"
  rt start "$ID"
  run rt ps --format json "$ID"
  expect 0
  [ "$output" = "[$(cat "$T/pid-$ID")]" ] || fail "$output"
  run rt ps "$ID"
  expect 0 "sleep 300"
  run rt ps "$ID" -o pid,comm
  expect 0 COMMAND
}

@test "a relative --pid-file is relative to the caller" {
  make_bundle
  mkdir -p "$T/here"
  (cd "$T/here" && create --pid-file p.pid)
  [ "$(cat "$T/here/p.pid")" = "$(rt state "$ID" | jq .pid)" ]
}

@test "run --detach returns while the container runs" {
  make_bundle
  command_line sleep 300
  rt run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
  has_status "$ID" running
}

@test "ten verbs on one id at once end in one sound state" {
  make_bundle
  command_line sleep 300
  local i created=0
  for i in $(seq 10); do
    (create && echo made >>"$T/made-$ID") &
  done
  wait
  created=$(wc -l <"$T/made-$ID")
  [ "$created" -eq 1 ]
  has_status "$ID" created
}

# ---- exec ---------------------------------------------------------------------------------------------------------

start_sleeper() {
  make_bundle
  command_line sleep 300
  create
  rt start "$ID"
}

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

# ---- what config.json asks for ------------------------------------------------------------------------------------

@test "run --preserve-fds, and nothing else is inherited" {
  make_bundle
  command_line sh -c 'probe-open_fds; true'
  run bash -c "exec 3</dev/null 4</dev/null 7</dev/null; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" \
    run --preserve-fds 1 --bundle "$B" "$ID"
  expect 0 "open_fds: 3 -> /dev/null"
  expect_not "open_fds: 4" "open_fds: 7"
}

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

@test "namespaces are new where the spec says so" {
  make_bundle
  command_line sh -c 'for n in ipc mnt net pid uts; do readlink /proc/self/ns/$n; done'
  run rt run --bundle "$B" "$ID"
  expect 0
  local n
  for n in ipc mnt net pid uts; do expect_not "$(readlink /proc/self/ns/$n)"; done
}

@test "a namespace is joined by its path" {
  ip netns add "$NAME-join"
  make_bundle ".linux.namespaces |= map(if .type == \"network\" then .path = \"/run/netns/$NAME-join\" else . end)"
  command_line readlink /proc/self/ns/net
  run rt run --bundle "$B" "$ID"
  local wanted
  wanted=$(stat -Lc 'net:[%i]' "/run/netns/$NAME-join")
  ip netns delete "$NAME-join"
  expect 0 "$wanted"
}

@test "a user namespace maps ids" {
  make_bundle '.linux.namespaces += [{type: "user"}]' \
    '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
    '.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
  command_line sh -c 'id -u; cat /proc/self/uid_map'
  run rt run --bundle "$B" "$ID"
  expect 0 100000 65536
}

@test "capabilities, limits, no_new_privs, umask, oom score and groups of the spec" {
  make_bundle '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}' \
    '.process.noNewPrivileges = true' '.process.user = {uid: 0, gid: 0, umask: 63, additionalGids: [42]}' \
    '.process.oomScoreAdj = 321' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]'
  command_line sh -c 'probe-caps; umask; cat /proc/self/oom_score_adj; ulimit -Sn; ulimit -Hn'
  run rt run --bundle "$B" "$ID"
  expect 0 $'CapBnd:\t0000000000000021' $'CapEff:\t0000000000000020' $'NoNewPrivs:\t1' 0077 321 100 200 "42"
}

@test "masked and read-only paths" {
  make_bundle '.linux.maskedPaths = ["/etc/secret", "/proc/kcore"]' '.linux.readonlyPaths = ["/proc/sys", "/srv"]'
  command_line sh -c 'wc -c </etc/secret; touch /srv/x; ls /proc/sys >/dev/null && echo seen'
  run rt run --bundle "$B" "$ID"
  expect 0 0 "Read-only file system" seen
}

@test "a read-only root, and mounts over it" {
  make_bundle '.root.readonly = true' \
    '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec", "size=64k"]}]'
  command_line sh -c 'touch /srv/x; cp /bin/busybox /tmp/b; touch /tmp/y && echo tmp-ok; grep " /tmp " /proc/mounts'
  run rt run --bundle "$B" "$ID"
  expect 0 "Read-only file system" tmp-ok noexec "No space left"
}

@test "bind mounts of directories and of single files, created where the image lacks them" {
  mkdir -p "$T/bind-$ID"
  echo bound >"$T/bind-$ID/file"
  make_bundle ".mounts += [{destination: \"/new/deep\", type: \"bind\", source: \"$T/bind-$ID\", options: [\"rbind\", \"ro\"]},
    {destination: \"/etc/one\", type: \"bind\", source: \"$T/bind-$ID/file\", options: [\"bind\"]}]"
  command_line sh -c 'cat /new/deep/file /etc/one; touch /new/deep/x'
  run rt run --bundle "$B" "$ID"
  rm -rf "$T/image/new" "$T/image/etc/one"
  expect 1 bound "Read-only file system"
}

@test "devices: the default ones, one that the spec adds, and none that it does not allow" {
  make_bundle '.linux.devices = [{path: "/dev/spec-null", type: "c", major: 1, minor: 3, fileMode: 438}]'
  command_line sh -c 'echo x >/dev/spec-null && echo x >/dev/null && head -c 3 /dev/zero | wc -c; ls -l /dev/ptmx /dev/fd /dev/stdin;
    mknod /dev/disk b 254 0; head -c1 /dev/disk'
  configure '.process.capabilities = {bounding: ["CAP_MKNOD"], permitted: ["CAP_MKNOD"], effective: ["CAP_MKNOD"]}'
  run rt run --bundle "$B" "$ID"
  expect nonzero 3 "/proc/self/fd" "Operation not permitted"
}

@test "hostname, domain name, sysctl" {
  make_bundle '.hostname = "agent-host"' '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77"}'
  command_line sh -c 'hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start'
  run rt run --bundle "$B" "$ID"
  expect 0 agent-host 77
}

@test "cgroup limits reach the kernel and go with the container" {
  make_bundle '.linux.resources.memory = {limit: 50331648}' '.linux.resources.pids = {limit: 44}' \
    '.linux.resources.cpu = {quota: 25000, period: 50000, shares: 512}'
  create
  local path=$NAME/t$BATS_TEST_NUMBER
  [ "$(cgroup_limit memory "$path")" -eq 50331648 ]
  [ "$(cgroup_limit pids "$path")" -eq 44 ]
  [ "$(cgroup_limit cpu "$path")" = "25000 50000" ]
  [ "$(cgroup_limit shares "$path")" -eq "$(if is_unified; then echo 59; else echo 512; fi)" ]
  rt delete --force "$ID"
  ! has_cgroup "$path"
}

@test "a seccomp profile of the spec is enforced" {
  make_bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: [
      {names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95},
      {names: ["no_such_syscall_at_all"], action: "SCMP_ACT_ERRNO"}]}'
  command_line mkdir /tmp/refused
  run rt run --bundle "$B" "$ID"
  expect 1 "not supported"
}

@test "Docker's own config.json of 20.10 runs" {
  [ -e "$REPO/tests/data/config/docker-20.10.json" ] || skip "tests/data/config/docker-20.10.json is not there"
  make_bundle
  jq --slurpfile docker "$REPO/tests/data/config/docker-20.10.json" '.linux.seccomp = $docker[0].linux.seccomp' \
    "$B/config.json" >"$B/new" && mv "$B/new" "$B/config.json"
  command_line sh -c 'echo under the profile; probe-unshare'
  run rt run --bundle "$B" "$ID"
  expect 1 "under the profile" "unshare: EPERM"
}

@test "the environment: PATH looks inside the container, HOME is from passwd, the last of two values wins" {
  make_bundle '.process.env = ["PATH=/usr/bin:/bin", "A=first", "A=second"]'
  command_line sh -c 'echo $A; echo home=$HOME'
  run rt run --bundle "$B" "$ID"
  expect 0 second home=/root
}

@test "the working directory is made if it is missing" {
  make_bundle '.process.cwd = "/tmp/made/by/runtime"'
  command_line pwd
  run rt run --bundle "$B" "$ID"
  rm -rf "$T/image/tmp/made"
  expect 0 /tmp/made/by/runtime
}

@test "--log takes the error as JSON and stderr as text" {
  make_bundle
  run rt --log "$T/log-$ID.json" --log-format json create --bundle "$T/no-such-bundle" "$ID"
  expect 1
  [ -n "$output" ]
  jq -es 'length >= 1 and .[-1].level == "error" and (.[-1].msg | length) > 5 and .[-1].time' "$T/log-$ID.json" >/dev/null ||
    fail "$(cat "$T/log-$ID.json")"
}

@test "many containers at once end and leave nothing" {
  make_bundle
  command_line true
  configure 'del(.linux.cgroupsPath)' ".linux.cgroupsPath = \"\""
  local i failures=0 jobs=()
  for i in $(seq 16); do
    mkdir -p "$T/many/$i"
    jq ".linux.cgroupsPath = \"/$NAME/many$i\"" "$B/config.json" >"$T/many/$i/config.json"
    rt run --bundle "$T/many/$i" "many$i" &
    jobs+=($!)
  done
  for i in "${jobs[@]}"; do wait "$i" || failures=$((failures + 1)); done
  [ "$failures" -eq 0 ]
  expect_nothing_left
}
