# shellcheck shell=bash
# A dockerd of our own: private data, socket, bridge and containerd; iptables untouched. Its runtimes:
#   main     the policy $T/policies/main.yaml        default  the shipped default policy
#   none     no policy at all                        current  whatever $T/policies/current.yaml holds at create
#   unknown  a policy name that does not exist

DOCKER=/usr/bin/docker
[ -x "$DOCKER" ] || DOCKER=docker

docker() { command "$DOCKER" -H "unix://$T/docker.sock" "$@"; }

docker_runtime() {  # NAME POLICY -> one entry of daemon.json
  local arguments
  arguments=$(policy_options "$2" | jq -Rnc '[inputs]')
  printf '"%s": {"path": "%s", "runtimeArgs": %s}' "$1" "$RUNTIME" "$arguments"
}

# Without it a daemon wants -500, which takes CAP_SYS_RESOURCE; Docker 25 has neither the wish nor the option.
oom_option() {
  if dockerd --help 2>/dev/null | grep -q oom-score-adjust; then echo '"oom-score-adjust": 0,'; fi
}

write_daemon_json() {
  cat >"$T/daemon.json" <<EOF
{
  "runtimes": {
    $(docker_runtime main "$T/policies/main.yaml"),
    $(docker_runtime default default),
    $(docker_runtime none none),
    $(docker_runtime current "$T/policies/current.yaml"),
    $(docker_runtime unknown no-such-policy)
  },
  "default-runtime": "main",
  "data-root": "$T/data", "exec-root": "$T/exec", "pidfile": "$T/docker.pid",
  "hosts": ["unix://$T/docker.sock"],
  "bridge": "$BRIDGE", "fixed-cidr": "$SUBNET.128/25", "cgroup-parent": "${DOCKER_CGROUP_PARENT:-/$NAME}",
  "iptables": false, "ip6tables": false, "ip-forward": false, "ip-masq": false,
  $(oom_option) "exec-opts": ["native.cgroupdriver=${DOCKER_CGROUP_DRIVER:-cgroupfs}"], "shutdown-timeout": 5, "log-level": "warn", "dns": ["$ORIGIN_IP"]
}
EOF
}

start_docker() {
  [ -x "$(command -v dockerd)" ] || { echo "dockerd is not installed" >"$T/no-docker"; return 0; }
  write_daemon_json
  dockerd --config-file "$T/daemon.json" </dev/null >"$T/dockerd.log" 2>&1 3>&- &
  echo $! >"$T/dockerd.job"
  # Emulated, it takes its time.
  if ! wait_until 180 docker_answered || ! docker version >/dev/null; then
    tail -30 "$T/dockerd.log" >&2
    fail "dockerd did not start"
  fi
}

docker_answered() { not_running "$(cat "$T/dockerd.job")" || docker version; }

need_docker() { [ ! -e "$T/no-docker" ] || skip "$(cat "$T/no-docker")"; }

stop_docker() {
  [ -e "$T/dockerd.job" ] || return 0
  docker ps -aq 2>/dev/null | while read -r id; do docker rm -f "$id" >/dev/null 2>&1 || true; done
  stop_pid "$(cat "$T/dockerd.job")"
  # A containerd or shim that dockerd could not stop any more is found by our directory in its command line.
  kill_ours
  remove_suite_cgroups
}

# Only what was started with our private directory in its command line.
kill_ours() {
  local pid
  for pid in $(processes_of_suite); do
    kill "$pid" 2>/dev/null || true
  done
  wait_until 5 no_process_of_suite || for pid in $(processes_of_suite); do kill -9 "$pid" 2>/dev/null || true; done
}

processes_of_suite() {
  local directory
  for directory in /proc/[0-9]*; do
    [ "${directory#/proc/}" != $$ ] || continue
    if { tr '\0' ' ' <"$directory/cmdline"; } 2>/dev/null | grep -q -- "$T/"; then
      echo "${directory#/proc/}"
    fi
  done
}

no_process_of_suite() { [ -z "$(processes_of_suite)" ]; }

# The image `agent`: what oci-bundles/make-rootfs builds, plus the probes and the origin's CA.
build_image_tree() {
  local arguments=() probe
  for probe in "$PROBES"/*; do
    arguments+=(--add "$probe" "usr/local/bin/probe-$(basename "$probe")")
  done
  "$REPO/oci-bundles/make-rootfs" "$1" --ca "$T/ca.pem" "${arguments[@]}"
}

import_image() {
  [ ! -e "$T/no-docker" ] || return 0
  build_image_tree "$T/image"
  tar -C "$T/image" -c . | docker import --change 'CMD ["sh"]' - agent >/dev/null
}

# docker run with the names of the outside world: `agent_run [OPTIONS] -- COMMAND...` on the image `agent`.
agent_run() {
  local options=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  rm -f "$T/cid"
  docker run --cidfile "$T/cid" --add-host "allowed.test:$ORIGIN_IP" --add-host "other.test:$ORIGIN_IP" \
    "${options[@]}" agent "$@"
}

# The audit trail of the last agent_run, or of the container named.
audit_lines() {
  local id
  id=${1:-$(cat "$T/cid")}
  cat "$T/log/$id/audit.jsonl"
}

# At least one audit line for which the jq condition holds: `expect_audit CONDITION [ID]`
expect_audit() {
  local lines
  lines=$(audit_lines "${2:-}") || fail "no audit file; there are: $(ls "$T/log")" || return 1
  printf '%s\n' "$lines" | jq -es "any(.[]; $1)" >/dev/null ||
    fail "no audit line with $1 among:" "$lines"
}
