# shellcheck shell=bash
# Where it happens: a bridge, the origin and two places for clients (one of which gets the fence), certificates, cgroups.
# shellcheck disable=SC2154  # repo, build, load, runtime: of tests/bench/proxy

work=$(mktemp -d /tmp/ncbench.XXXXXX)
group=$(basename "$work" | tr '.' '-')
started=()  # processes of ours, by pid
# shellcheck disable=SC2034  # used by peers.bash
proxy_cpu=0
load_cpu=1

clean_up() {
  local pid netns
  ! declare -F stop_nemoclaw >/dev/null || stop_nemoclaw
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in $(cat "$accounts/$group"/*/cgroup.procs 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
  sleep 0.3
  for pid in $(cat "$accounts/$group"/*/cgroup.procs 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
  sleep 0.2
  for netns in $(ip netns list | awk '{print $1}' | grep "^$group-" || true); do ip netns delete "$netns"; done
  [ -z "${bridge:-}" ] || ip link delete "$bridge" 2>/dev/null || true
  rmdir "$accounts/$group"/* "$accounts/$group" /sys/fs/cgroup/*/"$group" /sys/fs/cgroup/"$group" 2>/dev/null || true
  if [ -n "${NEMOCLAW_BENCH_KEEP:-}" ]; then echo "kept: $work" >&2; else rm -rf --one-file-system "$work"; fi
}

# netns NAME ADDRESS
netns() {
  ip netns add "$group-$1"
  ip link add "$bridge$1" type veth peer name eth0 netns "$group-$1"
  ip link set "$bridge$1" master "$bridge" up
  ip -n "$group-$1" link set lo up
  ip -n "$group-$1" address add "$2/24" dev eth0
  ip -n "$group-$1" link set eth0 up
  ip -n "$group-$1" route add default via "$subnet.1"
  ip netns exec "$group-$1" sysctl -qw net.ipv4.ip_local_port_range="10000 65000" net.core.somaxconn=4096
}

make_certificates() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca.key"
  openssl req -x509 -new -key "$work/ca.key" -subj "/CN=benchmark CA" -days 30 -out "$work/ca.pem" 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/origin.key"
  openssl req -new -key "$work/origin.key" -subj "/CN=api.test" -out "$work/origin.csr" 2>/dev/null
  openssl x509 -req -in "$work/origin.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 30 \
    -extfile <(echo "subjectAltName=DNS:api.test,DNS:plain.test") -out "$work/origin.pem" 2>/dev/null
  cat "$work/origin.pem" "$work/origin.key" >"$work/both.pem"
  cat "$work/ca.pem" "$work/ca.key" >"$work/ca-both.pem"
}

make_place() {
  local number=$((RANDOM % 250 + 1)) tries=0
  # The hierarchy that counts CPU time: v2, or cpuacct of v1.
  accounts=/sys/fs/cgroup/cpuacct
  [ -d "$accounts" ] || accounts=/sys/fs/cgroup
  mkdir "$accounts/$group"
  chmod 0755 "$work"
  until ip link add "ncp$number" type bridge 2>/dev/null; do
    number=$((number % 250 + 1)) tries=$((tries + 1))
    [ "$tries" -lt 250 ] || { echo "cannot make a bridge" >&2; exit 1; }
  done
  bridge=ncp$number subnet=10.214.$number
  ip address add "$subnet.1/24" dev "$bridge"
  ip link set "$bridge" up
  netns o "$subnet.2"
  netns a "$subnet.3"
  netns p "$subnet.4"
  origin=$subnet.2
  printf '127.0.0.1 localhost\n%s plain.test api.test\n' "$origin" >"$work/hosts"
  # Peers read the names from where programs read them; in a mount namespace of our own.
  mount --bind "$work/hosts" /etc/hosts
  make_certificates
  taskset -c "$load_cpu" ip netns exec "$group-o" "$load" origin --plain "$origin:8080" --tls "$origin:443" \
    --certificate "$work/origin.pem" --key "$work/origin.key" &
  started+=($!)
  mkdir "$work/www"
  printf %064d 0 >"$work/www/index.html"
  taskset -c "$load_cpu" ip netns exec "$group-o" nghttpd --address="$origin" --htdocs="$work/www" 8443 \
    "$work/origin.key" "$work/origin.pem" >/dev/null 2>&1 &
  started+=($!)
}

# account NAME PID...: their CPU time is counted there from now on, and that of the processes that they start
account() {
  local name=$1 pid
  shift
  mkdir -p "$accounts/$group/$name"
  for pid in "$@"; do echo "$pid" >"$accounts/$group/$name/cgroup.procs"; done
}

# Nanoseconds of CPU time.
cpu_of() {
  if [ -e "$accounts/$group/$1/cpuacct.usage" ]; then
    cat "$accounts/$group/$1/cpuacct.usage"
  else
    awk '$1 == "usage_usec" {print $2 * 1000}' "$accounts/$group/$1/cpu.stat"
  fi
}

# memory_of NAME FIELD: KiB of all its processes, a field of smaps_rollup (Pss, Rss) or "Private"
memory_of() {
  local pid
  for pid in $(cat "$accounts/$group/$1/cgroup.procs"); do cat "/proc/$pid/smaps_rollup" 2>/dev/null || true; done |
    awk -v field="$2" 'index($1, field) == 1 && ($1 == field ":" || field == "Private") {sum += $2} END {print sum + 0}'
}
