# shellcheck shell=bash
# A containerd of our own with its CRI plugin, asked as a kubelet asks it: pods on our bridge by CNI, handlers `nemoclaw` and
# `runc`. `cri VERB...` is tests/lib/cri.py.

start_cri() {
  mkdir -p "$T/c" "$T/cni" "$T/pause"
  wrapper cri >/dev/null
  write_cni_config
  cat >"$T/containerd.toml" <<EOF
version = 2
root = "$T/c/root"
state = "$T/c/run"
disabled_plugins = ["io.containerd.internal.v1.restart", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$T/c/s"
[debug]
  level = "warn"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:test"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$T/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    $(cri_handler runc /usr/sbin/runc)
    $(cri_handler nemoclaw "$T/runtime-cri")
EOF
  containerd --config "$T/containerd.toml" </dev/null >"$T/containerd.log" 2>&1 3>&- &
  echo $! >"$T/containerd.job"
  wait_until 30 cri version || fail "containerd did not start:" "$(tail -20 "$T/containerd.log")"
  cp "$PROBES/pause" "$T/pause/pause"
  make_image_archive "$T/pause" "$T/pause.tar" docker.io/library/pause:test '["/pause"]'
  ctr --address "$T/c/s" --namespace k8s.io image import "$T/pause.tar" >/dev/null
  ctr --address "$T/c/s" --namespace k8s.io image import "$T/agent.tar" >/dev/null
}

cri_handler() {  # NAME PROGRAM -> a table of the runtime handlers
  local table="plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.$1"
  printf '[%s]\n runtime_type = "io.containerd.runc.v2"\n\n' "$table"
  printf ' [%s.options]\n BinaryName = "%s"\n' "$table" "$2"
}

# Addresses from a range that no other part of the suites uses.
write_cni_config() {
  cat >"$T/cni/10-test.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "$NAME", "plugins": [
  {"type": "bridge", "bridge": "$BRIDGE", "isGateway": false, "ipMasq": false,
   "ipam": {"type": "host-local", "dataDir": "$T/cni-data", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "$SUBNET.0/24", "rangeStart": "$SUBNET.64", "rangeEnd": "$SUBNET.120", "gateway": "$SUBNET.1"}]]}}]}
EOF
}

stop_cri() {
  [ -e "$T/containerd.job" ] || return 0
  stop_pid "$(cat "$T/containerd.job")"
  kill_ours
  remove_suite_cgroups
}

cri() { /usr/bin/python3 "$TESTS_LIB/cri.py" "$T/c/s" "$@"; }

# pod NAME: writes its configuration and starts it; its id is in $POD afterwards. $HANDLER: nemoclaw if not set.
pod() {
  jq -n --arg name "$1" --arg uid "$NAME-$1-$BATS_TEST_NUMBER" --arg parent "/$NAME/$1" --arg log "$T/pods" --arg dns "$ORIGIN_IP" \
    '{metadata: {name: $name, uid: $uid, namespace: "default"}, log_directory: $log, dns_config: {servers: [$dns]},
      linux: {cgroup_parent: $parent, security_context: {namespace_options: {pid: 1}}}}' >"$T/pod-$1.json"
  POD=$(cri run "$T/pod-$1.json" "${HANDLER:-nemoclaw}") && echo "$POD" >>"$T/pods.list"
}

# container NAME POD-NAME COMMAND...: makes one in $POD and starts it; its id is in $CONTAINER. The node's configuration
# says by the container's name which policy it gets.
container() {
  local name=$1 pod=$2
  shift 2
  printf '127.0.0.1 localhost\n%s allowed.test other.test\n' "$ORIGIN_IP" >"$T/pod-hosts-$pod"
  jq -n --arg name "$name" --arg hosts "$T/pod-hosts-$pod" \
    '{metadata: {name: $name}, image: {image: "docker.io/library/agent:latest"}, command: $ARGS.positional,
      log_path: ($name + ".log"), mounts: [{container_path: "/etc/hosts", host_path: $hosts}],
      linux: {security_context: {namespace_options: {pid: 1}}}}' --args -- "$@" >"$T/container-$name-$pod.json"
  CONTAINER=$(cri create "$POD" "$T/container-$name-$pod.json" "$T/pod-$pod.json") && cri start "$CONTAINER"
}

remove_pods() {
  local id
  [ -e "$T/pods.list" ] || return 0
  while read -r id; do
    cri stop-pod "$id" || true
    cri remove-pod "$id" || true
  done <"$T/pods.list"
  rm "$T/pods.list"
  # The pod's own cgroup is the kubelet's to remove.
  find /sys/fs/cgroup -mindepth 2 -maxdepth 3 -type d -path "*/$NAME/*" -exec rmdir {} + 2>/dev/null || true
}
