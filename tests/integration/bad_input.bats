#!/usr/bin/env bats
# What goes wrong must say so through the manager, with runc's exit code, and leave nothing behind: no cgroup, mount,
# state, process or namespace.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/bundle

setup_file() {
  start_docker_suite
  add_namespace "$NAME-agent" "$SUBNET.3" "nca${SUBNET##*.}"
  [ -d "$T/image" ] || build_image_tree "$T/image"
}

setup() {
  load_runtime_options
  ID=b$BATS_TEST_NUMBER
}

teardown() {
  umount "$T/full" 2>/dev/null || true
  remove_containers
  remove_docker_containers
}

nothing_left_in_docker() { expect_nothing_left "$T/exec/runtime-runc/moby"; }

# ---- the bundle ---------------------------------------------------------------------------------------------------

@test "a bundle that does not exist" {
  run rt create --bundle "$T/no-such-bundle" "$ID"
  expect 1 no-such-bundle
  expect_nothing_left
}

@test "a bundle without config.json" {
  mkdir -p "$T/bundle-empty"
  run rt create --bundle "$T/bundle-empty" "$ID"
  expect 1 config.json
  expect_nothing_left
}

@test "a config.json that is not JSON names the place" {
  make_bundle
  printf '{"ociVersion": "1.0.2",\n "process": {' >"$B/config.json"
  run rt create --bundle "$B" "$ID"
  expect 1
  if ours; then expect 1 config.json; fi
  expect_nothing_left
}

@test "a config.json with a wrong type names the field" {
  make_bundle '.linux.resources.memory.limit = "much"'
  run rt create --bundle "$B" "$ID"
  expect 1 memory limit
  expect_nothing_left
}

@test "a config.json without a process or root" {
  make_bundle
  configure 'del(.process)'
  run rt run --bundle "$B" "$ID"
  expect 1
  make_bundle
  configure 'del(.root)'
  run rt create --bundle "$B" "$ID"
  expect 1
  expect_nothing_left
}

@test "a root file system that does not exist" {
  make_bundle '.root.path = "/no/such/rootfs"'
  run rt create --bundle "$B" "$ID"
  expect 1 /no/such/rootfs
  expect_nothing_left
}

@test "a mount whose source does not exist" {
  make_bundle '.mounts += [{destination: "/tmp", type: "bind", source: "/no/such/source", options: ["bind"]}]'
  run rt create --bundle "$B" "$ID"
  expect 1 /no/such/source
  expect_nothing_left
}

@test "a mount of a type that does not exist fails in the container's init, and the reason arrives" {
  make_bundle '.mounts += [{destination: "/tmp", type: "nosuchfs", source: "none"}]'
  run rt create --bundle "$B" "$ID"
  expect 1 /tmp
  [[ $output == *"no such device"* ]] || [[ $output == *nosuchfs* ]] || fail "$output"
  expect_nothing_left
}

@test "a namespace path that does not exist" {
  make_bundle '.linux.namespaces |= map(if .type == "network" then .path = "/run/netns/no-such-netns" else . end)'
  run rt create --bundle "$B" "$ID"
  expect 1 no-such-netns
  expect_nothing_left
}

@test "a cgroup limit that the kernel refuses" {
  make_bundle '.linux.resources.cpu = {cpus: "4000-4001"}'
  run rt create --bundle "$B" "$ID"
  expect 1 cpus
  expect_nothing_left
}

@test "a sysctl that is not the container's" {
  make_bundle '.linux.sysctl = {"kernel.panic": "5"}'
  run rt create --bundle "$B" "$ID"
  expect 1 kernel.panic
  expect_nothing_left
}

@test "a program that does not exist: create or start says so, and nothing stays" {
  make_bundle
  command_line no-such-program
  run rt run --bundle "$B" "$ID"
  output=${output//\\/}
  expect nonzero 'exec: "no-such-program": executable file not found in $PATH'
  expect_nothing_left
}

@test "a working directory that is no directory" {
  make_bundle '.process.cwd = "/etc/passwd"'
  run rt run --bundle "$B" "$ID"
  expect nonzero /etc/passwd
  expect_nothing_left
}

@test "a state root on a full disk" {
  mkdir -p "$T/full"
  mount -t tmpfs -o size=64k none "$T/full"
  head -c 100k /dev/zero >"$T/full/filler" 2>/dev/null || true
  make_bundle
  run "$RUNTIME" "${RT_NONE[@]}" --root "$T/full/root" create --bundle "$B" "$ID"
  expect 1
  # runc 1.1 loses the reason here.
  ! ours || [[ ${output,,} == *"no space left"* ]] || fail "$output"
  expect_nothing_left "$T/full/root"
}

@test "a full disk below the audit closes egress, and says so" {
  need_ours
  mkdir -p "$T/full"
  sed "s|^log_directory:.*|log_directory: $T/full/log|" "$T/config.yaml" >"$T/config-full.yaml"
  printf '127.0.0.1 localhost\n%s allowed.test\n' "$ORIGIN_IP" >"$T/image/etc/hosts"
  make_bundle ".linux.namespaces |= map(if .type == \"network\" then .path = \"/run/netns/$NAME-agent\" else . end)"
  command_line sh -c 'curl -sS https://allowed.test/full-disk; curl -sS https://allowed.test/full-disk'
  # With room for the audit both requests work; without, neither does.
  run "$RUNTIME" --config "$T/config-full.yaml" --policy "$T/policies/main.yaml" --root "$T/root" run --bundle "$B" "$ID"
  expect 0 "hello to GET /full-disk"
  local before
  before=$(origin_saw /full-disk)
  mount -t tmpfs -o size=64k none "$T/full"
  mkdir "$T/full/log"
  head -c 100k /dev/zero >"$T/full/filler" 2>/dev/null || true
  run "$RUNTIME" --config "$T/config-full.yaml" --policy "$T/policies/main.yaml" --root "$T/root" run --bundle "$B" "$ID-full"
  expect nonzero
  [ "$(origin_saw /full-disk)" -eq "$before" ]
  expect_nothing_left
}

@test "a hook that fails: its words arrive, and everything is undone" {
  make_bundle
  configure '.hooks.prestart = [{path: "/bin/sh", args: ["sh", "-c", "echo words-of-the-hook >&2; exit 4"]}]'
  run rt create --bundle "$B" "$ID"
  expect 1 words-of-the-hook
  expect_nothing_left
}

@test "a hook that never ends is stopped by its time limit" {
  make_bundle
  configure '.hooks.prestart = [{path: "/bin/sleep", args: ["sleep", "300"], timeout: 1}]'
  run timeout 60 "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" create --bundle "$B" "$ID"
  expect 1
  expect_nothing_left
}

@test "a container whose runtime state was lost can be deleted by force" {
  run rt delete --force "$ID"
  expect 0
}

@test "a container whose init was killed from outside is stopped, and delete works" {
  make_bundle
  command_line sleep 300
  create --pid-file "$B/pid"
  rt start "$ID"
  kill -9 "$(cat "$B/pid")"
  wait_until 5 has_status "$ID" stopped
  rt delete "$ID"
  expect_nothing_left
}

@test "create killed in the middle leaves nothing that delete --force cannot remove" {
  make_bundle
  configure '.hooks.prestart = [{path: "/bin/sleep", args: ["sleep", "3"]}]'
  rt create --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&- &
  local creator=$!
  sleep 0.5
  kill -9 "$creator"
  rt delete --force "$ID"
  expect_nothing_left
}

# ---- the policy ---------------------------------------------------------------------------------------------------

@test "docker shows every error of a broken policy, with file and line" {
  need_ours
  need_docker
  printf 'version: 1\nprocess:\n  run_as_user: root\n  colour: red\n' | write_current_policy
  run agent_run --rm --runtime current -- true
  expect 125 current.yaml:3 current.yaml:4 colour
  nothing_left_in_docker
}

@test "docker shows that a policy name is unknown, and which are known" {
  need_ours
  need_docker
  run agent_run --rm --runtime unknown -- true
  expect 125 no-such-policy main default
  nothing_left_in_docker
}

@test "docker run --network host is refused with the reason and the remedy" {
  need_ours
  need_docker
  run agent_run --rm --network host -- true
  expect 125 network host
  nothing_left_in_docker
}

@test "an empty policy file, two documents, a file that is no YAML, and a binary file" {
  need_ours
  make_bundle
  command_line true
  local text
  for text in '' 'version: 1
---
version: 1' '{[' 'version: 2'; do
    printf '%s' "$text" | write_current_policy
    run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
    expect 1 current.yaml
  done
  head -c 4096 /dev/urandom | write_current_policy
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect 1 current.yaml
  expect_nothing_left
}

@test "hard_requirement with a path that is missing fails and names it" {
  need_ours
  make_bundle
  command_line true
  printf 'version: 1\nlandlock: {compatibility: hard_requirement}\nfilesystem_policy: {read_only: [/bin, /no/such/path]}\n' |
    write_current_policy
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect 1 /no/such/path
  expect_nothing_left
}

# ---- through the manager ------------------------------------------------------------------------------------------

@test "docker shows the runtime's words for a bind mount over nothing" {
  need_docker
  run agent_run --rm --mount "type=bind,source=$T/no-such-source,target=/mnt" -- true
  expect 125 no-such-source
  nothing_left_in_docker
}

@test "docker: a program that does not exist leaves nothing behind" {
  need_docker
  run -127 agent_run -- no-such-program
  docker rm -f "$(cat "$T/cid")"
  nothing_left_in_docker
}

@test "docker: exec in a container that has ended" {
  need_docker
  docker run --name ended agent true
  run docker exec ended true
  expect 1 "not running"
}
