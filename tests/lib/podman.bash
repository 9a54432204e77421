# shellcheck shell=bash
# podman with a private storage, cgroupfs (or PODMAN_CGROUP_MANAGER), and no network of its own: containers join a namespace
# on our bridge, so that no table of the host changes.

podman_() {
  local policy=$1 flags=() option
  shift
  # --runtime-flag takes the option without its dashes.
  for option in $(policy_options "$policy" | paste - - | sed 's/^--//; s/\t/=/'); do flags+=(--runtime-flag "$option"); done
  CONTAINERS_CONF=$T/containers.conf podman --root "$T/p/root" --runroot "$T/p/run" --tmpdir "$T/p/tmp" \
    --cgroup-manager "${PODMAN_CGROUP_MANAGER:-cgroupfs}" --events-backend file --runtime "$RUNTIME" "${flags[@]}" "$@"
}

start_podman() {
  mkdir -p "$T/p"
  # The limits that podman would raise need CAP_SYS_RESOURCE, which not every machine has.
  cat >"$T/containers.conf" <<'EOF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
apparmor_profile = ""
[engine]
events_logger = "file"
EOF
  podman_ none load -q -i "$T/agent.tar" >/dev/null
}

# agent_podman POLICY [OPTIONS] -- COMMAND...
agent_podman() {
  local policy=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  podman_ "$policy" run --network "ns:/run/netns/$NAME-agent" --cgroup-parent "${PODMAN_CGROUP_PARENT:-/$NAME}" \
    --add-host "allowed.test:$ORIGIN_IP" "${options[@]}" localhost/agent "$@"
}
