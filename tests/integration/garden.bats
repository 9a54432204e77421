#!/usr/bin/env bats
# A50: what the proxy accepts and forwards is read alike by servers that were not written by us. Odd requests go through it
# to nginx, node and Python, in pieces; each origin says what it read. Whatever they read differently must have been refused.
# NEMOCLAW_GARDEN=N sends N mutations (150 unless set), NEMOCLAW_GARDEN_SEED=N other ones.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/clients

setup_file() {
  start_clients_suite
  write_current_policy <<'POLICY'
version: 1
filesystem_policy: {read_only: [/usr, /etc, /proc, /garden], read_write: [/tmp, /sandbox]}
network_policies:
  garden:
    endpoints: [{host: allowed.test, ports: [8081, 8082, 8083, 8084], protocol: rest, access: full}]
POLICY
}

teardown_file() {
  local file
  for file in "$T"/garden/*.job; do [ ! -e "$file" ] || stop_pid "$(cat "$file")"; done
  stop_docker_suite
}

# NAME COMMAND...: beside the origin
origin() {
  local name=$1
  shift
  ip netns exec "$ORIGIN_NETNS" "$@" </dev/null >"$T/garden/$name.out" 2>&1 3>&- &
  echo $! >"$T/garden/$name.job"
}

start_origins() {
  mkdir -p "$T/garden"
  chmod 0777 "$T/garden"
  sed "s|DIRECTORY|$T/garden|; s|ADDRESS|$ORIGIN_IP|" "$TESTS_LIB/garden/nginx.conf" >"$T/garden/nginx.conf"
  origin python /usr/bin/python3 "$TESTS_LIB/garden/origin.py" "$ORIGIN_IP" 8083 "$T/garden/scgi.sock"
  wait_until 30 test -S "$T/garden/scgi.sock"
  chmod 0777 "$T/garden/scgi.sock"
  origin node node "$TESTS_LIB/garden/origin.js" "$ORIGIN_IP" 8082
  origin nginx "$(command -v nginx)" -e "$T/garden/nginx.log" -c "$T/garden/nginx.conf"
  local port
  for port in 8081 8082 8083 8084; do
    wait_until 30 ip netns exec "$ORIGIN_NETNS" bash -c "exec 9<>/dev/tcp/$ORIGIN_IP/$port" ||
      fail "nothing listens on $port:" "$(cat "$T"/garden/*.out)"
  done
}

@test "A50 nginx, node and python read what is forwarded as it was meant, and what they read differently is refused" {
  need_ours
  need_docker
  PATH=$PATH:/usr/sbin
  need_program nginx
  need_program node
  start_origins
  run client -v "$TESTS_LIB/garden:/garden:ro" -- /usr/bin/python3 /garden/drive.py "${NEMOCLAW_GARDEN:-150}" \
    "${NEMOCLAW_GARDEN_SEED:-20261121}"
  echo "$output" | tail -5 >&3
  expect 0 "0 read differently"
}
