#!/usr/bin/env bats
# Attempts from inside: root with all that a policy can grant, and the attacks of the checklist that need a container. The
# number before a name is the item's.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

# Everything that the compiler does not refuse (policy/compile/capabilities.cc), and root.
write_root_policy() {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {include_workdir: false, read_only: [/bin, /usr, /lib, /lib64, /proc, /etc], read_write: [/sandbox, /tmp]}
process:
  start_as_root: true
  capabilities: [CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, SETFCAP, NET_BIND_SERVICE, SYS_CHROOT, IPC_LOCK,
                 SYS_NICE, AUDIT_WRITE, LINUX_IMMUTABLE, LEASE, IPC_OWNER, NET_BROADCAST]
network_policies:
  allowed_host:
    endpoints: [{host: allowed.test, port: 443}]
    binaries: [{path: /usr/bin/curl}]
EOF
}

root_agent() { agent_run --runtime current --user 0 --cap-add ALL --name root-agent "$@"; }

@test "root with every capability that a policy can grant finds no way out" {
  write_root_policy
  root_agent -d -- sleep 300 >/dev/null
  run docker exec -u 0 root-agent sh -c '
    id -u
    probe-setmark; probe-raw_socket; probe-packet_socket; probe-setns; probe-unshare; probe-bpf; probe-mount /tmp; probe-ptrace
    probe-udp_send '"$ORIGIN_IP"' 53
    probe-see_proxy
    for uid in 1 10001 64219 65534; do setuidgid $uid true 2>/dev/null; done
    curl -sS --noproxy "*" --connect-timeout 3 --interface 127.0.0.1 http://'"$ORIGIN_IP"'/root-bind
    curl -sS --noproxy "*" --connect-timeout 3 --local-port 3128 http://'"$ORIGIN_IP"'/root-port
    curl -sS --noproxy "*" --connect-timeout 3 -g http://[2001:db8::1]/root-six
    kill -9 -1 2>/dev/null; true'
  [[ $'\n'$output$'\n' == *$'\n0\n'* ]] || fail "not root:" "$output"
  [[ $output == *"mount: E"* ]] || fail "$output"
  [[ $output == *"setmark: E"* && $output == *"raw_socket: E"* && $output == *"packet_socket: E"* ]] || fail "$output"
  expect_not "setmark: ok" "raw_socket: ok" "packet_socket: ok" "setns: ok" "bpf: ok" "unshare: ok" "mount: ok" "ptrace: ok"
  [ "$(origin_saw /root-)" -eq 0 ]
  docker rm -f root-agent >/dev/null
  expect_nothing_left "$T/exec/runtime-runc/moby"
}

@test "root cannot take the fence down, become the proxy's user for its rights, or bind what the proxy listens on" {
  write_root_policy
  root_agent -d -- sleep 300 >/dev/null
  local pid
  pid=$(docker inspect -f '{{.State.Pid}}' root-agent)
  nsenter -t "$pid" -n nft list table inet nemoclaw >"$T/before"
  run docker exec -u 0 root-agent sh -c 'nft flush ruleset; nft delete table inet nemoclaw; iptables -F; ip link set lo down;
    ip route add default via '"$SUBNET"'.1; sysctl -w net.ipv4.conf.all.route_localnet=1; timeout 2 nc -l -p 3128; timeout 2 nc -l -p 3129; true'
  nsenter -t "$pid" -n nft list table inet nemoclaw >"$T/after"
  cmp "$T/before" "$T/after"
  run docker exec root-agent curl -sS --max-time 10 https://allowed.test/still
  expect 0 "hello to GET /still"
}

# What the file $T/request holds, sent to the proxy with a pause before the second part.
two_parts() {
  agent_run --rm --runtime current -- sh -c \
    '(printf "$1"; sleep 1; printf "$2") | timeout 15 nc 127.0.0.1 3128' sh "$1" "$2"
}

write_nc_policy() {
  write_current_policy <<'EOF'
version: 1
network_policies:
  web:
    endpoints: [{host: allowed.test, port: 80}]
    binaries: [{path: /bin/busybox}, {path: /bin/nc}, {path: /usr/bin/nc}]
EOF
}

@test "B7 what follows a refused CONNECT on its connection is never a request" {
  write_nc_policy
  run two_parts 'GET http://allowed.test/b7-control HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n\r\n' ''
  expect 0 "hello to GET /b7-control"
  run two_parts 'CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n' \
    'GET http://allowed.test/b7 HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n\r\n'
  expect 0 "403"
  expect_not "hello to GET /b7"
  [ "$(origin_saw 'GET /b7$')" -eq 0 ] && [ "$(origin_saw '/b7 ')" -eq 0 ]
}

@test "B23 a SOCKS greeting is refused, and is in the audit" {
  write_nc_policy
  run two_parts '\005\001\000' '\005\001\000\001\001\002\003\004\000\120'
  expect 0
  expect_audit '.verdict == "deny" and (.reason | test("SOCKS"))'
}

@test "C1 a tunnel whose bytes nobody judges carries no TLS for another name" {
  # The same address, so that only the name in TLS says who is meant.
  run agent_run --rm -- sh -c 'curl -sS --max-time 10 https://allowed.test/c1-control
    curl -sS --max-time 10 --connect-to other.test:443:allowed.test:443 https://other.test/c1; echo "code $?"'
  expect 0 "hello to GET /c1-control" "code 35"
  [ "$(origin_saw '/c1 ')" -eq 0 ]
  expect_audit '.verdict == "deny" and .code == "authority_mismatch" and (.reason | contains("other.test"))'
}

@test "B18 many connections to an address that does not answer do not keep others from theirs" {
  { sed '/^network_policies:/,$d' "$T/policies/main.yaml"; cat <<EOF; } | write_current_policy
network_policies:
  allowed_host:
    endpoints: [{host: allowed.test, port: 443}, {host: hole.test, port: 443, allowed_ips: [$SUBNET.0/24]}]
    binaries: [{path: /usr/bin/curl}]
EOF
  # An address on the bridge that nobody has: nothing comes back but the kernel's own timeout.
  run agent_run --rm --runtime current --add-host "hole.test:$SUBNET.250" -- sh -c '
    for i in $(seq 200); do curl -sS --max-time 8 https://hole.test/ 2>/dev/null & done
    curl -sS --max-time 20 https://allowed.test/b18; wait; true'
  expect 0 "hello to GET /b18"
}

@test "B18 ten thousand connections to an address that does not answer are bounded, and over when they are over" {
  { sed '/^network_policies:/,$d' "$T/policies/main.yaml"; cat <<EOF; } | write_current_policy
network_policies:
  allowed_host:
    endpoints: [{host: allowed.test, port: 443}, {host: hole.test, port: 443, allowed_ips: [$SUBNET.0/24]}]
    binaries: [{path: /usr/bin/curl}, {path: /usr/local/bin/probe-storm}]
EOF
  agent_run -d --runtime current --add-host "hole.test:$SUBNET.250" --ulimit nofile=20000:20000 -- sleep 300 >/dev/null
  local id worker
  id=$(cat "$T/cid")
  worker=$(jq .worker "$T/sb/$id/worker.json")
  run docker exec "$id" probe-storm clients 3128 hole.test:443 10000 6
  expect 0 "served 0"
  local begun=${output#begun }
  [ "${begun%% *}" -ge 10000 ] || fail "$output"
  [ "$(jq .worker "$T/sb/$id/worker.json")" -eq "$worker" ] || fail "the worker ended: $(cat "$T/sb/$id/worker.json")"
  [ "$(awk '/^VmHWM/{print $2}' "/proc/$worker/status")" -lt 131072 ] || fail "$(grep ^Vm "/proc/$worker/status")"
  wait_until 60 eval "docker exec $id curl -sS --max-time 5 https://allowed.test/b18-after"
}

@test "G7 in a fork storm every caller is found or refused, and nobody is taken for another" {
  docker run -d --name storm --add-host "allowed.test:$ORIGIN_IP" agent sleep 300 >/dev/null
  run docker exec storm sh -c '
    for i in 1 2 3; do (end=$(($(date +%s) + 15)); while [ $(date +%s) -lt $end ]; do (true) & (true) & wait; done) & done
    for i in $(seq 8); do curl -sS --max-time 10 https://allowed.test/g7-good; fetch -sS --max-time 10 https://allowed.test/g7-bad; done 2>&1; true'
  expect 0 "hello to GET /g7-good"
  [ "$(origin_saw /g7-bad)" -eq 0 ]
}

@test "H12 a proxy without descriptors refuses, and serves again when it has some" {
  local proxy
  docker run -d --name full --add-host "allowed.test:$ORIGIN_IP" agent sleep 300 >/dev/null
  proxy=$(proxies_of_suite | awk -v id="$(docker inspect -f '{{.Id}}' full)" '/nemoclaw-proxy-worker/ && index($0, id) {print $1}')
  [ -n "$proxy" ]
  local limits user as_proxy
  limits=$(awk '/Max open files/{print $4 ":" $5}' "/proc/$proxy/limits")
  # As the proxy's own user, who may lower what is below the hard limit without any capability.
  user=$(awk '/^Uid:/{print $2}' "/proc/$proxy/status")
  as_proxy=(setpriv --reuid "$user" --regid "$(awk '/^Gid:/{print $2}' "/proc/$proxy/status")" --clear-groups)
  "${as_proxy[@]}" prlimit --pid "$proxy" --nofile="$(find "/proc/$proxy/fd" -mindepth 1 | wc -l):${limits#*:}"
  run docker exec full curl -sS --max-time 3 https://allowed.test/h12-none
  expect nonzero
  [ "$(origin_saw /h12-none)" -eq 0 ]
  "${as_proxy[@]}" prlimit --pid "$proxy" --nofile="$limits"
  run docker exec full curl -sS --max-time 15 https://allowed.test/h12-again
  expect 0 "hello to GET /h12-again"
}
