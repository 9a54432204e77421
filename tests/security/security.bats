#!/usr/bin/env bats
# The claims of the README about what a container cannot do, in the same words.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/bundle

setup_file() {
  start_docker_suite
  [ -d "$T/image" ] || build_image_tree "$T/image"
  add_namespace "$NAME-agent" "$SUBNET.3" "nca${SUBNET##*.}"
}

setup() {
  load_runtime_options
  ID=s$BATS_TEST_NUMBER
}

teardown() {
  remove_containers
  remove_docker_containers
}

proxy_pids() {
  proxies_of_suite | awk -v id="$FULL_ID" '$0 ~ "nemoclaw-proxy" && $0 ~ id {print $1}'
}

# A bundle inside a network namespace that is there before and after it.
make_agent_bundle() {
  make_bundle ".linux.namespaces |= map(if .type == \"network\" then .path = \"/run/netns/$NAME-agent\" else . end)"
}

in_agent_namespace() { ip netns exec "$NAME-agent" "$@"; }

# The files of the policy `main` and the requests that stdin names.
write_current_requests() { { sed '/^network_policies:/,$d' "$T/policies/main.yaml"; cat; } | write_current_policy; }

# ---- egress -------------------------------------------------------------------------------------------------------

@test "no proxy means no egress: when the proxy is killed nothing gets out" {
  need_ours
  need_docker
  start_agent
  run docker exec "$ID" curl -sS https://allowed.test/before
  expect 0 "hello to GET /before"
  # shellcheck disable=SC2046
  kill -9 $(proxy_pids)
  wait_until 5 eval '[ -z "$(proxy_pids)" ]'
  run docker exec "$ID" curl -sS -m 5 https://allowed.test/after
  expect nonzero
  run docker exec "$ID" curl -sS -m 5 --noproxy '*' https://allowed.test/after
  expect nonzero
  run docker exec "$ID" probe-udp_send "$ORIGIN_IP" 9999
  expect 1
  [ "$(origin_saw /after)" -eq 0 ]
}

@test "a killed container takes its proxy and its sandbox with it" {
  need_ours
  need_docker
  start_agent
  [ -n "$(proxy_pids)" ]
  docker rm -f "$ID"
  expect_nothing_left "$T/exec/runtime-runc/moby"
}

@test "the fence stands before the first byte of the image's code runs" {
  need_ours
  make_agent_bundle
  command_line sleep 300
  # The same datagram from the same namespace: it arrives before the create, and no more when create has returned. Nothing
  # of the image has run by then.
  run in_agent_namespace "$PROBES/udp_send" "$ORIGIN_IP" 9999
  expect 0 "udp_send: ok"
  local before http_before
  before=$(origin_saw "^udp")
  [ "$before" -ge 1 ]
  run in_agent_namespace "$PROBES/tcp_connect" "$ORIGIN_IP" 80
  expect 0 "origin says hello"
  http_before=$(origin_saw "^http ")
  [ "$http_before" -ge 1 ]
  rt_policy "$T/policies/main.yaml" create --bundle "$B" "$ID" </dev/null >"$T/create.out" 2>&1 3>&- || fail "$(cat "$T/create.out")"
  [ "$(state_of "$ID")" = created ]
  run in_agent_namespace "$PROBES/udp_send" "$ORIGIN_IP" 9999
  expect 1
  expect_not "udp_send: ok"
  # The connection is captured; what is not a process of the sandbox is nobody there.
  run in_agent_namespace "$PROBES/tcp_connect" "$ORIGIN_IP" 80
  expect_not "origin says hello"
  [ "$(origin_saw "^udp")" -eq "$before" ]
  [ "$(origin_saw "^http ")" -eq "$http_before" ]
}

@test "the first program of an image under docker meets the fence" {
  need_ours
  need_docker
  local before
  run agent_run --rm --runtime none -- probe-udp_send "$ORIGIN_IP" 9999
  expect 0 "udp_send: ok"
  before=$(origin_saw "^udp")
  run agent_run --rm -- probe-udp_send "$ORIGIN_IP" 9999
  expect 1
  [ "$(origin_saw "^udp")" -eq "$before" ]
}

@test "the container cannot change the fence, whatever capability the manager adds" {
  need_ours
  need_docker
  run agent_run --rm --runtime none --cap-add NET_ADMIN -- sh -c 'probe-other_sockets; probe-setmark'
  expect 0 "netfilter opened" "setmark: ok"
  run agent_run --rm --cap-add NET_ADMIN --cap-add NET_RAW -- sh -c 'probe-other_sockets; probe-setmark; ip link set eth0 down'
  expect nonzero "other_sockets: none" "setmark: EPERM"
}

@test "a request needs one policy entry that names both its destination and its program" {
  need_ours
  need_docker
  write_current_requests <<'EOF'
network_policies:
  one: {endpoints: [{host: allowed.test, port: 443}], binaries: [{path: /usr/bin/curl}]}
  two: {endpoints: [{host: other.test, port: 443}], binaries: [{path: /usr/bin/fetch}]}
EOF
  run agent_run --rm --runtime current -- sh -c 'curl -sS https://allowed.test/own-1; fetch -sS https://other.test/own-2'
  expect 0 "hello to GET /own-1" "hello to GET /own-2"
  run agent_run --rm --runtime current -- sh -c 'curl -sS https://other.test/borrowed; fetch -sS https://allowed.test/borrowed'
  expect nonzero
  expect_audit '.verdict == "deny" and .dst.host == "other.test" and .actor.binary == "/usr/bin/curl"'
  expect_audit '.verdict == "deny" and .dst.host == "allowed.test" and .actor.binary == "/usr/bin/fetch"'
  [ "$(origin_saw /borrowed)" -eq 0 ]
}

@test "another host, another program, an IP address and UDP are refused fast, and each refusal is a line in the audit" {
  need_ours
  need_docker
  # 124 and 143 are what timeout answers for a program that had to wait.
  run agent_run --rm -- sh -c "exec 2>/dev/null; timeout 10 curl -sS https://other.test/refused; echo host: \$?
    timeout 10 fetch -sS https://allowed.test/refused; echo program: \$?
    timeout 10 curl -sSk https://$ORIGIN_IP/refused; echo address: \$?
    timeout 10 probe-udp_send $ORIGIN_IP 9999; echo udp: \$?
    timeout 10 curl -sSk --noproxy '*' https://$ORIGIN_IP/refused; echo direct: \$?"
  expect 0
  [ "$(grep -cE '^(host|program|address|udp|direct): [1-9]' <<<"$output")" -eq 5 ] || fail "$output"
  [ "$(grep -cE ': (124|143)$' <<<"$output")" -eq 0 ] || fail "$output"
  expect_audit '.verdict == "deny" and .dst.host == "other.test"'
  expect_audit '.verdict == "deny" and .dst.host == "allowed.test" and .actor.binary == "/usr/bin/fetch"'
  expect_audit ".verdict == \"deny\" and .dst.host == \"$ORIGIN_IP\" and .via == \"connect\""
  expect_audit '.verdict == "deny" and .proto == "udp" and .dst.port == 9999'
  expect_audit '.verdict == "deny" and (.via == "captured" or .via == "bypass") and .actor.binary == "/usr/bin/curl"'
  [ "$(origin_saw /refused)" -eq 0 ]
}

@test "a connection that ignores the proxy is judged like one that uses it" {
  need_ours
  need_docker
  run agent_run --rm -- sh -c "curl -sS --noproxy '*' https://allowed.test/direct-allowed
    timeout 10 curl -sS --noproxy '*' https://other.test/direct-denied; echo host: \$?
    timeout 10 fetch -sS --noproxy '*' https://allowed.test/direct-denied; echo program: \$?
    timeout 10 curl -sS --noproxy '*' http://allowed.test/direct-denied"
  expect 0 "hello to GET /direct-allowed" "host: 35" "program: 35" '"error":"policy_denied"'
  expect_audit '.verdict == "allow" and .via == "captured" and .dst.host == "allowed.test" and .actor.binary == "/usr/bin/curl"'
  expect_audit '.verdict == "deny" and .via == "captured" and .dst.host == "other.test"'
  expect_audit '.verdict == "deny" and .via == "captured" and .actor.binary == "/usr/bin/fetch"'
  expect_audit '.verdict == "deny" and .via == "captured" and .dst.port == 80'
  [ "$(origin_saw /direct-denied)" -eq 0 ]
}

@test "a name that no policy entry writes is not resolved: the question never leaves the machine" {
  need_ours
  need_docker
  run agent_run --rm -- sh -c "nslookup -type=a stolen-1.test $ORIGIN_IP; nslookup -type=a stolen-2.test 192.0.2.53; nslookup stolen-3.test
    curl -sS --noproxy '*' https://stolen-4.test/; curl -sS https://stolen-5.test/; true"
  expect 0 REFUSED
  expect_audit '.verdict == "deny" and .via == "dns" and .dst.host == "stolen-1.test"'
  expect_audit '.verdict == "deny" and .via == "dns" and .dst.host == "stolen-4.test" and .actor.binary == "/usr/bin/curl"'
  [ "$(origin_saw '^dns stolen')" -eq 0 ] || fail "$(grep stolen "$T/origin.log")"
}

@test "private, loopback, link-local and metadata addresses are refused unless the policy names them as it must" {
  need_ours
  need_docker
  write_current_policy <<'EOF'
version: 1
network_policies:
  metadata:
    endpoints: [{host: metadata.test, port: 80}, {host: loop.test, port: 80}, {host: "*.wild.test", port: 80}]
    binaries: [{path: /usr/bin/curl}]
  named:
    endpoints: [{host: "*.named.test", port: 80, allowed_ips: [10.0.0.0/8]}]
    binaries: [{path: /usr/bin/curl}]
EOF
  run agent_run --rm --runtime current --add-host metadata.test:169.254.169.254 -- curl -sS http://metadata.test/
  expect 0 ssrf_denied
  run agent_run --rm --runtime current --add-host loop.test:127.0.0.1 -- curl -sS http://loop.test/
  expect 0 ssrf_denied
  expect_audit '.verdict == "deny" and .code == "ssrf_denied" and .dst.host == "loop.test"'
  run agent_run --rm --runtime current -- curl -sS http://some.wild.test/private
  expect 0 ssrf_denied
  run agent_run --rm --runtime current -- curl -sS http://some.named.test/private
  expect 0 "hello to GET /private"
}

@test "the program is found from the socket and identified by its executable, not by what it says of itself" {
  need_ours
  need_docker
  run agent_run --rm -- sh -c 'cp /usr/bin/fetch /tmp/curl && exec -a /usr/bin/curl /tmp/curl -sS https://allowed.test/renamed'
  expect nonzero 403
  expect_audit '.verdict == "deny" and .dst.host == "allowed.test" and .actor.binary == "/tmp/curl"'
  [ "$(origin_saw /renamed)" -eq 0 ]
}

# What the file $T/request says, spoken to the proxy by a program that the policy `current` allows.
speak() {
  run agent_run --rm --runtime current -v "$T/request:/tmp/request:ro" -- sh -c 'timeout 10 nc 127.0.0.1 3128 </tmp/request'
}

@test "a request that is smuggled behind another is not forwarded" {
  need_ours
  need_docker
  write_current_requests <<'EOF'
network_policies:
  plain: {endpoints: [{host: allowed.test, port: 80}], binaries: [{path: /bin/busybox}]}
EOF
  # The same tool, the same host: what is well-formed arrives, so that the refusal below is one of the form.
  printf 'GET http://allowed.test/%s HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n\r\n' straight >"$T/request"
  speak
  expect 0 "hello to GET /straight"
  printf '%s\r\n' 'GET http://allowed.test/outer HTTP/1.1' 'Host: allowed.test' 'Content-Length: 5' 'Transfer-Encoding: chunked' '' \
    0 '' 'GET http://allowed.test/smuggled HTTP/1.1' 'Host: allowed.test' '' >"$T/request"
  speak
  expect 0 "HTTP/1.1 400"
  expect_not "origin says hello"
  [ "$(origin_saw /outer)" -eq 0 ]
  [ "$(origin_saw /smuggled)" -eq 0 ]
}

# ---- the proxy ----------------------------------------------------------------------------------------------------

# A question to the control socket as another user: `ask UID SOCKET`
ask() {
  setpriv --reuid "$1" --regid "$1" --clear-groups /usr/bin/python3 -c 'import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(10)
client.connect(sys.argv[1])
client.sendall(b"{\"op\":\"status\"}\n")
print("answer:", client.recv(4096).decode())' "$2"
}

@test "the control socket is for root on the host alone" {
  need_ours
  need_docker
  start_agent
  local socket=$T/sb/$FULL_ID/control.sock
  [ "$(stat -c '%a %u' "$socket")" = "600 0" ]
  [ "$(stat -c '%a %u' "$T/sb/$FULL_ID")" = "700 0" ]
  run ask 0 "$socket"
  expect 0 '"ok":true'
  run ask 65534 "$socket"
  expect nonzero PermissionError
  # Should the modes ever be wrong, the proxy still looks who asks.
  chmod 0755 "$T/sb" "$T/sb/$FULL_ID"
  chmod 0666 "$socket"
  run ask 65534 "$socket"
  expect_not '"ok"' PermissionError
}

@test "the proxy runs unprivileged: its own user, three capabilities, no new privileges, seccomp" {
  need_ours
  need_docker
  start_agent
  # CAP_DAC_READ_SEARCH (2), CAP_NET_ADMIN (12), CAP_SYS_PTRACE (19)
  run cat "/proc/$(jq .worker "$T/sb/$FULL_ID/worker.json")/status"
  expect 0 $'Name:\tnemoclaw-proxy' $'CapEff:\t0000000000081004' $'CapPrm:\t0000000000081004' $'CapBnd:\t0000000000081004' \
    $'CapInh:\t0000000000000000' $'CapAmb:\t0000000000000000' $'NoNewPrivs:\t1' $'Seccomp:\t2'
  expect_not $'Uid:\t0'
  # Its parent hands the three on and has one of them itself.
  run cat "/proc/$(jq .pid "$T/sb/$FULL_ID/proxy.json")/status"
  expect 0 $'Name:\tnemoclaw-proxy' $'CapEff:\t0000000000000004' $'CapPrm:\t0000000000081004' $'CapBnd:\t0000000000081004' \
    $'NoNewPrivs:\t1' $'Seccomp:\t2'
  expect_not $'Uid:\t0'
}
