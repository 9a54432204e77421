# shellcheck shell=bash
# A containerd of our own: private root, state and address, no CRI. ctr knows a runtime only by its path, so options
# travel in a wrapper, as dockerd's runtimeArgs do.

start_containerd() {
  mkdir -p "$T/c"
  cat >"$T/containerd.toml" <<EOF
version = 2
root = "$T/c/root"
state = "$T/c/run"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.restart", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$T/c/s"
[debug]
  level = "warn"
EOF
  containerd --config "$T/containerd.toml" </dev/null >"$T/containerd.log" 2>&1 3>&- &
  echo $! >"$T/containerd.job"
  wait_until 30 ctr_ version || fail "containerd did not start:" "$(tail -20 "$T/containerd.log")"
}

stop_containerd() {
  [ -e "$T/containerd.job" ] || return 0
  stop_pid "$(cat "$T/containerd.job")"
  kill_ours
  remove_suite_cgroups
}

ctr_() { ctr --address "$T/c/s" --namespace "$NAME" "$@"; }

# wrapper NAME [POLICY]: a program that calls the runtime with that policy; prints its path
wrapper() {
  local path=$T/runtime-$1
  {
    echo '#!/bin/sh'
    printf 'exec %s' "$RUNTIME"
    policy_options ${2:+"$2"} | while read -r option; do printf " '%s'" "$option"; done
    echo ' "$@"'
  } >"$path"
  chmod +x "$path"
  echo "$path"
}
