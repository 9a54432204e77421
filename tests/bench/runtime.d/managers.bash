# shellcheck shell=bash
# docker run --rm and ctr run from end to end, on daemons of our own, without a network. runc as the daemons find it.
# shellcheck disable=SC2154  # of tests/bench/runtime and the files beside this one

docker=/usr/bin/docker
[ -x "$docker" ] || docker=docker
docker_() { "$docker" -H "unix://$work/d/s" "$@"; }
ctr_() { ctr --address "$work/c/s" --namespace bench "$@"; }

answers() {  # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

start_docker() {
  mkdir -p "$work/d"
  cat >"$work/d/daemon.json" <<EOF
{"runtimes": {"ours": {"path": "$ours", "runtimeArgs": ["--config", "$work/config.yaml", "--policy", "none"]},
              "fenced": {"path": "$ours", "runtimeArgs": ["--config", "$work/config.yaml"]}},
 "data-root": "$work/d/data", "exec-root": "$work/d/exec", "pidfile": "$work/d/pid", "hosts": ["unix://$work/d/s"],
 "bridge": "none", "iptables": false, "ip6tables": false, "ip-forward": false, "ip-masq": false,
 "cgroup-parent": "/$group", "exec-opts": ["native.cgroupdriver=cgroupfs"], "log-level": "warn"}
EOF
  dockerd --config-file "$work/d/daemon.json" </dev/null >"$work/d/log" 2>&1 &
  docker_job=$!
  answers 60 docker_ version || { tail -5 "$work/d/log" >&2; return 1; }
  tar -C "$work/rootfs" -c . | docker_ import - bench >/dev/null
}

start_containerd() {
  mkdir -p "$work/c"
  cat >"$work/c/config.toml" <<EOF
version = 2
root = "$work/c/root"
state = "$work/c/run"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$work/c/s"
EOF
  containerd --config "$work/c/config.toml" </dev/null >"$work/c/log" 2>&1 &
  containerd_job=$!
  answers 30 ctr_ version || { tail -5 "$work/c/log" >&2; return 1; }
  # ctr knows a runtime by its path alone.
  printf '#!/bin/sh\nexec %s --config %s --policy none "$@"\n' "$ours" "$work/config.yaml" >"$work/c/ours"
  chmod +x "$work/c/ours"
}

stop_managers() {
  local job
  for job in ${docker_job:-} ${containerd_job:-}; do
    kill "$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
  done
  awk -v work="$work/" 'index($5, work) == 1 {print $5}' /proc/self/mountinfo | sort -r |
    while read -r job; do umount -l "$job" || true; done
}

# The client, not this function, is what the timer starts.
docker_round() {
  local name
  for name in runc ours fenced; do
    measure "docker-$name" 1 "$docker" -H "unix://$work/d/s" run --rm --network none --runtime "$name" bench /bin/true || true
  done
}

ctr_round() {
  local options=(--address "$work/c/s" --namespace bench run --rm --rootfs)
  measure ctr-runc 1 ctr "${options[@]}" --runc-binary "$(command -v runc)" "$work/rootfs" "r%" /bin/true || true
  measure ctr-ours 1 ctr "${options[@]}" --runc-binary "$work/c/ours" "$work/rootfs" "o%" /bin/true || true
}

# quartiles TITLE NAME
quartiles() {
  awk -v t="$1" -v a="$(quantile "$2" 1 0.25)" -v b="$(quantile "$2" 1 0.5)" -v c="$(quantile "$2" 1 0.75)" \
    'BEGIN { if (b != "") printf "| %s | %.1f | %.1f | %.1f |\n", t, a / 1000, b / 1000, c / 1000 }'
}

bench_managers() {
  local i
  if ! command -v dockerd >/dev/null || ! start_docker; then echo "managers: no dockerd" >>"$work/problems"; fi
  if ! command -v containerd >/dev/null || ! start_containerd; then echo "managers: no containerd" >>"$work/problems"; fi
  for ((i = 0; i < rounds * 2; i++)); do
    [ -z "${docker_job:-}" ] || docker_round
    [ -z "${containerd_job:-}" ] || ctr_round
  done
  printf '\n| wall ms | first quartile | median | third quartile |\n|---|---|---|---|\n'
  quartiles "docker run --rm, runc" docker-runc
  quartiles "docker run --rm, ours without a policy" docker-ours
  quartiles "docker run --rm, ours with fence and proxy" docker-fenced
  quartiles "ctr run, runc" ctr-runc
  quartiles "ctr run, ours without a policy" ctr-ours
}
