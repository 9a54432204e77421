#!/usr/bin/env bats
# Docker, podman and containerd as most hosts have them: with systemd for the cgroups, on cgroup v2.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/podman
load ../lib/image_archive
load ../lib/containerd

export DOCKER_CGROUP_DRIVER=systemd DOCKER_CGROUP_PARENT=nct.slice
export PODMAN_CGROUP_MANAGER=systemd PODMAN_CGROUP_PARENT=nct.slice

has_systemd() { [ -d /run/systemd/system ] && is_unified; }

setup_file() {
  has_systemd || return 0
  start_docker_suite
}

teardown_file() {
  has_systemd || return 0
  stop_docker_suite
}

setup() {
  has_systemd || skip "no systemd with cgroup v2 runs here; tests/vm runs this"
  need_ours
  need_docker
  ID=m$BATS_TEST_NUMBER
}

teardown() {
  has_systemd || return 0
  remove_docker_containers
}

show() { systemctl show --value --property "$1" "$2"; }

# The kernel's file of a unit: `kernel UNIT FILE`
kernel() { cat "/sys/fs/cgroup$(show ControlGroup "$1")/$2"; }

no_scope() { ! systemctl list-units --all --no-legend --plain "*.scope" | grep -F -- "$1"; }

# The scope, and every directory of it.
expect_no_scope() {
  wait_until 20 no_scope "$1" || fail "$(no_scope "$1")"
  [ -z "$(find /sys/fs/cgroup -type d -name "*$1*")" ] || fail "$(find /sys/fs/cgroup -type d -name "*$1*")"
}

@test "docker with systemd: a scope in its slice, limits in its properties and in the kernel, update changes both" {
  docker run -d --name limits --runtime none --memory 64m --cpus 0.5 --pids-limit 33 agent sleep 300
  local id unit
  id=$(docker inspect -f '{{.Id}}' limits)
  unit=docker-$id.scope
  [ "$(show ControlGroup "$unit")" = "/nct.slice/$unit" ]
  [ "$(show MemoryMax "$unit") $(show TasksMax "$unit") $(show CPUQuotaPerSecUSec "$unit")" = "67108864 33 500ms" ]
  [ "$(kernel "$unit" memory.max) $(kernel "$unit" pids.max) $(kernel "$unit" cpu.max)" = "67108864 33 50000 100000" ]
  run docker update --memory 96m --memory-swap 96m --pids-limit 44 --cpus 0.3 limits
  expect 0
  systemctl daemon-reload
  [ "$(show MemoryMax "$unit") $(show TasksMax "$unit") $(show CPUQuotaPerSecUSec "$unit")" = "100663296 44 300ms" ]
  [ "$(kernel "$unit" memory.max) $(kernel "$unit" pids.max) $(kernel "$unit" cpu.max)" = "100663296 44 30000 100000" ]
  [ "$(kernel "$unit" memory.swap.max)" = 0 ]
  run docker exec limits sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/pids.max'
  expect 0 0::/ 44
  run docker stats --no-stream limits
  expect 0 "96MiB"
  docker rm -f limits
  expect_no_scope "$id"
}

@test "docker with systemd: what the policy allows works, what it does not is refused, for exec, too; then nothing stays" {
  start_agent
  run docker exec "$ID" curl -sS https://allowed.test/systemd
  expect 0 "hello to GET /systemd"
  run docker exec "$ID" fetch -sS https://allowed.test/systemd-no
  expect nonzero 403
  run docker exec "$ID" curl -sS https://other.test/systemd-no
  expect nonzero 403
  run docker exec "$ID" probe-udp_send "$ORIGIN_IP" 9999
  expect 1
  [ "$(origin_saw /systemd-no)" -eq 0 ]
  expect_audit '.verdict == "allow" and .actor.binary == "/usr/bin/curl"' "$FULL_ID"
  expect_audit '.verdict == "deny" and .actor.binary == "/usr/bin/fetch"' "$FULL_ID"
  run docker exec "$ID" sh -c 'probe-caps; probe-mount /tmp; probe-open_read /etc/secret'
  expect nonzero $'CapBnd:\t0000000000000000' $'NoNewPrivs:\t1' $'Seccomp:\t2' "mount: EPERM" "open_read: EACCES"
  docker rm -f "$ID"
  expect_no_scope "$FULL_ID"
  expect_nothing_left "$T/exec/runtime-runc/moby"
}

@test "docker with systemd: no proxy means no egress" {
  start_agent
  proxies_of_suite | awk -v id="$FULL_ID" '/nemoclaw-proxy/ && $0 ~ id {print $1}' | xargs kill -9
  run docker exec "$ID" curl -sS -m 5 https://allowed.test/dead
  expect nonzero
  run docker exec "$ID" curl -sS -m 5 --noproxy '*' https://allowed.test/dead
  expect nonzero
  [ "$(origin_saw /dead)" -eq 0 ]
}

@test "docker with systemd: pause, unpause, top, stop" {
  docker run -d --name life --runtime none agent sh -c 'trap "exit 3" TERM; while true; do sleep 0.1; done'
  local unit
  unit=docker-$(docker inspect -f '{{.Id}}' life).scope
  docker pause life
  kernel "$unit" cgroup.events | grep -q 'frozen 1'
  docker unpause life
  run docker top life
  expect 0 "while true"
  docker stop -t 20 life
  [ "$(docker inspect -f '{{.State.ExitCode}}' life)" -eq 3 ]
}

@test "docker with systemd: too much memory is an OOM kill that docker tells of" {
  docker run -d --name greedy --runtime none --memory 24m --memory-swap 24m agent tail /dev/zero
  [ "$(docker wait greedy)" -eq 137 ]
  [ "$(docker inspect -f '{{.State.OOMKilled}}' greedy)" = true ]
}

@test "docker with systemd: a privileged container makes cgroups of its own, and exec follows its init" {
  docker run -d --name inner --runtime none --privileged agent sh -c 'mkdir /sys/fs/cgroup/init &&
    echo 1 >/sys/fs/cgroup/init/cgroup.procs && echo +memory +pids >/sys/fs/cgroup/cgroup.subtree_control; sleep 300'
  local id
  id=$(docker inspect -f '{{.Id}}' inner)
  wait_until 20 eval 'kernel "docker-$id.scope" cgroup.subtree_control | grep -q memory'
  run docker exec inner cat /proc/self/cgroup
  expect 0 0::/init
  run docker exec inner sh -c 'mount -t tmpfs none /tmp && mknod /dev/again c 1 3 && echo x >/dev/again && ulimit -n 600000 && ulimit -n'
  expect 0 600000
  docker rm -f inner
  expect_no_scope "$id"
}

@test "podman with systemd: a scope with its limits, the policy, exec, and nothing stays" {
  command -v podman >/dev/null || skip "podman is not installed"
  add_namespace "$NAME-agent" "$SUBNET.3" "nca${SUBNET##*.}"
  make_image_archive "$T/image" "$T/agent.tar" localhost/agent:latest
  start_podman
  local id unit
  id=$(agent_podman main -d --name pod --memory 64m --pids-limit 33 -- sleep 300)
  unit=libpod-$id.scope
  [ "$(show Slice "$unit") $(show MemoryMax "$unit") $(show TasksMax "$unit")" = "nct.slice 67108864 33" ]
  find "/sys/fs/cgroup$(show ControlGroup "$unit")" -name memory.max -exec cat {} + | grep -qx 67108864
  run podman_ main exec pod curl -sS https://allowed.test/podman-systemd
  expect 0 "hello to GET /podman-systemd"
  run podman_ main exec pod fetch -sS https://allowed.test/podman-systemd-no
  expect nonzero 403
  [ "$(origin_saw /podman-systemd-no)" -eq 0 ]
  podman_ none rm -f -t 0 pod
  expect_no_scope "$id"
}

@test "ctr with systemd: output and exit code, the unit is gone" {
  ctr_() { ctr --address "$T/exec/containerd/containerd.sock" --namespace "$NAME" "$@"; }
  [ -e "$T/agent.tar" ] || make_image_archive "$T/image" "$T/agent.tar" localhost/agent:latest
  ctr_ image import "$T/agent.tar" >/dev/null
  run ctr_ run --rm --runc-binary "$(wrapper none none)" --runc-systemd-cgroup --cgroup "nct.slice:ctr:$NAME-ctr" \
    localhost/agent:latest "$NAME-ctr" sh -c 'cat /proc/self/cgroup; exit 21'
  expect 21 "0::/nct.slice/ctr-$NAME-ctr.scope"
  expect_no_scope "$NAME-ctr"
}
