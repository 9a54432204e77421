#!/usr/bin/env bats
# Programs that know nothing of proxies: their connections and their questions for names are captured, judged and
# audited all the same.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

setup() {
  need_docker
  need_ours
}

write_transparent_policy() {
  {
    sed '/^network_policies/,$d' "$T/policies/main.yaml"
    echo 'proxy_environment: false'
    echo 'network_policies:'
    cat
  } >"$T/policies/current.yaml"
}

# No proxy variables, and names only by DNS.
plain_run() {
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  rm -f "$T/cid"
  docker run --cidfile "$T/cid" --rm --runtime current "${options[@]}" agent "$@"
}

web_policy() {
  write_transparent_policy <<'END'
  web:
    endpoints: [{host: allowed.test, port: 443}, {host: allowed.test, port: 80}]
    binaries: [{path: /usr/bin/curl}]
END
}

@test "curl without a proxy reaches what the policy allows, over TLS and plain" {
  web_policy
  run plain_run -- sh -c 'env | grep -i proxy; curl -sS -m 10 https://allowed.test/tls; curl -sS -m 10 http://allowed.test/plain'
  expect 0 "hello to GET /tls" "hello to GET /plain"
  expect_not proxy PROXY
  expect_audit '.verdict == "allow" and .via == "captured" and .dst.host == "allowed.test" and .dst.port == 443 and .entry == "web"'
  expect_audit '.activity_id == 2 and .via == "captured" and .bytes_in > 0'
}

@test "a name that no entry writes is refused by DNS, never leaves the machine, and is audited" {
  web_policy
  run plain_run -- curl -sS -m 10 https://hidden.test/
  expect 6
  expect_audit '.via == "dns" and .verdict == "deny" and .dst.host == "hidden.test" and .actor.binary == "/usr/bin/curl"'
  [ "$(origin_saw '^dns hidden')" -eq 0 ]
}

@test "a denied TLS client gets an alert, a denied HTTP client the reason" {
  web_policy
  run plain_run -- curl -sS -m 10 --resolve "other.test:443:$ORIGIN_IP" https://other.test/
  expect 35 "alert access denied"
  run plain_run -- curl -sS -m 10 --resolve "other.test:80:$ORIGIN_IP" http://other.test/x
  expect 0 '"error":"policy_denied"' '"host":"other.test"' nemoclawctl
  [ "$(audit_lines | jq -c 'select(.via == "captured")' | wc -l)" -eq 1 ]
}

@test "a server that speaks first is heard at once, by name and by address" {
  write_transparent_policy <<END
  greeter:
    endpoints: [{host: allowed.test, port: 2222}, {host: $ORIGIN_IP, port: 2222}]
    binaries: [{path: /bin/busybox}]
END
  run plain_run -- sh -c "echo by-name | timeout 10 nc allowed.test 2222"
  expect 0 "220 origin speaks first" "250 by-name"
  expect_audit '.verdict == "allow" and .via == "captured" and .dst.host == "allowed.test" and .dst.port == 2222'
  run plain_run -- sh -c "echo by-address | timeout 10 nc $ORIGIN_IP 2222"
  expect 0 "220 origin speaks first" "250 by-address"
  expect_audit ".verdict == \"allow\" and .dst.host == \"$ORIGIN_IP\""
  run plain_run -- sh -c "echo stolen | timeout 10 nc $ORIGIN_IP 80"
  expect_not "HTTP/1"
  expect_audit ".verdict == \"deny\" and .dst.host == \"$ORIGIN_IP\" and .dst.port == 80"
}

@test "what the first bytes name must agree with the lookup, or have the address" {
  write_transparent_policy <<'END'
  web:
    endpoints: [{host: allowed.test, port: 443}, {host: third.test, port: 443}, {host: allowed.test, port: 80}]
    binaries: [{path: /usr/bin/curl}]
END
  # Looked up as allowed.test, and then another name in TLS or in Host.
  run plain_run -- sh -c "curl -sSk -m 10 --connect-to other.test:443:allowed.test:443 https://other.test/fronted; echo tls: \$?
    curl -sS -m 10 -H 'Host: other.test' http://allowed.test/fronted"
  expect 0 "tls: 35" '"error":"authority_mismatch"'
  [ "$(audit_lines | jq -c 'select(.code == "authority_mismatch" and .verdict == "deny")' | wc -l)" -eq 2 ]
  # Another name that the policy allows and that has the address: as good as its own lookup.
  run plain_run -- curl -sSk -m 10 --connect-to third.test:443:allowed.test:443 https://third.test/other-name
  expect 0 "hello to GET /other-name"
  expect_audit '.verdict == "allow" and .dst.host == "third.test"'
  # Without any lookup of its own, the claim is looked up by the proxy; an address that is not the name's is not reached.
  run plain_run -- curl -sS -m 10 --resolve "allowed.test:443:$ORIGIN_IP" https://allowed.test/claimed
  expect 0 "hello to GET /claimed"
  run plain_run -- curl -sSk -m 10 --resolve allowed.test:443:192.0.2.7 https://allowed.test/elsewhere
  expect 35
  expect_audit '.code == "authority_mismatch" and .dst.ip == "192.0.2.7"'
  [ "$(origin_saw '/fronted\|/elsewhere')" -eq 0 ]
}

@test "names over UDP and TCP, other types, the search list, and what upstream sees of them" {
  web_policy
  run plain_run --dns-search corp.example -- sh -c 'cat /etc/resolv.conf; nslookup -type=a allowed.test; nslookup -type=txt allowed.test
    nslookup -type=a leak.allowed.test; nslookup -type=a leak2.test 8.8.8.8; curl -sS -m 10 http://allowed.test/searched'
  expect 0 "search corp.example" "Address: $ORIGIN_IP" "REFUSED" "hello to GET /searched"
  [ "$(origin_saw '^dns leak')" -eq 0 ]
  [ "$(origin_saw '^dns .*corp.example')" -eq 0 ]
  [ "$(origin_saw '^dns allowed.test 16')" -eq 0 ]  # TXT
  expect_audit '.via == "dns" and .dst.host == "leak.allowed.test" and .method == "A"'
  expect_audit '.via == "dns" and .dst.host == "leak2.test"'
  run host_tools_run -- /usr/bin/python3 -c '
import socket, struct
def ask(name, kind):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    query = struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + struct.pack("!HH", kind, 1)
    s = socket.create_connection(("9.9.9.9", 53), 10)
    s.sendall(struct.pack("!H", len(query)) + query)
    answer = s.recv(4096)[2:]
    return answer[3] & 15, struct.unpack("!H", answer[6:8])[0], answer[12:12 + len(labels)] == labels
print("allowed", ask("ALLowed.test", 1), "denied", ask("tcp-leak.test", 1), "none", ask("allowed.test", 28))'
  expect 0 "allowed (0, 1, True) denied (5, 0, True) none (0, 0, True)"
  expect_audit '.via == "dns" and .proto == "tcp" and .dst.host == "tcp-leak.test" and .actor.binary == "/usr/bin/python3.11"'
  [ "$(origin_saw '^dns tcp-leak')" -eq 0 ]
}

@test "dns: {mode: open} resolves everything and writes it down, off resolves nothing" {
  web_policy
  echo 'dns: {mode: open}' >>"$T/policies/current.yaml"
  run plain_run -- sh -c "nslookup -type=a open-name.test; curl -sS -m 10 http://open-name.test/"
  expect 0 "Address: $ORIGIN_IP" policy_denied
  expect_audit '.via == "dns" and .verdict == "allow" and .dst.host == "open-name.test"'
  sed -i 's/mode: open/mode: off/' "$T/policies/current.yaml"
  run plain_run -- curl -sS -m 10 http://allowed.test/
  expect 6
  expect_audit '.via == "dns" and .verdict == "deny" and .dst.host == "allowed.test"'
}

# The host's own programs, read-only, on the suite's image.
host_tools_run() {
  local options=() directory
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  for directory in /usr /lib /lib64; do options+=(-v "$directory:$directory:ro"); done
  plain_run "${options[@]}" -e NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt -e HOME=/tmp "$@"
}

# reaches PROGRAM COMMAND...: the command's output names the path, the audit the program; `denied` is refused for it.
reaches() {
  local program=$1
  shift
  run host_tools_run -- "$@"
  expect 0 "hello to GET /from-client"
  expect_audit ".verdict == \"allow\" and .via == \"captured\" and .dst.host == \"allowed.test\" and .actor.binary == \"$program\""
}

clients_policy() {
  write_transparent_policy <<'END'
  clients:
    endpoints: [{host: allowed.test, port: 443}, {host: allowed.test, port: 80}]
    binaries: [{path: /bin/busybox}, {path: '/usr/bin/*'}, {path: '/usr/lib/**'}, {path: /usr/local/bin/probe-tcp_connect}]
END
}

@test "B14 E19 programs of every kind: wget, C, python, node, openssl, git" {
  clients_policy
  reaches /bin/busybox /bin/busybox wget -q -O - http://allowed.test/from-client
  reaches /usr/bin/wget /usr/bin/wget -q -O - https://allowed.test/from-client
  reaches /usr/bin/python3.11 /usr/bin/python3 -c 'import urllib.request; print(urllib.request.urlopen("https://allowed.test/from-client", timeout=10).read().decode())'
  run host_tools_run -- /usr/bin/python3 -c 'import urllib.request; urllib.request.urlopen("https://other.test/from-client", timeout=10)'
  expect nonzero "URLError"
  reaches /usr/bin/openssl sh -c 'printf "GET /from-client HTTP/1.0\r\nHost: allowed.test\r\n\r\n" | timeout 10 /usr/bin/openssl s_client -quiet -verify_return_error -servername allowed.test -connect allowed.test:443 2>/dev/null; true'
  # No name at all in TLS: the lookup says it.
  reaches /usr/bin/openssl sh -c 'printf "GET /from-client HTTP/1.0\r\nHost: allowed.test\r\n\r\n" | timeout 10 /usr/bin/openssl s_client -quiet -noservername -connect allowed.test:443 2>/dev/null; true'
  # A program in C that knows only the address: nothing is known of it before somebody has looked the name up.
  run plain_run -- sh -c "probe-tcp_connect $ORIGIN_IP 80; nslookup -type=a allowed.test >/dev/null; probe-tcp_connect $ORIGIN_IP 80"
  expect 0 policy_denied "hello to GET /"
  [ ! -x /usr/bin/node ] || reaches "$(readlink -f /usr/bin/node)" /usr/bin/node -e '
    fetch("https://allowed.test/from-client").then(r => r.text()).then(console.log)'
  [ ! -x /usr/bin/node ] || reaches "$(readlink -f /usr/bin/node)" /usr/bin/node -e '
    const s = require("net").connect(80, "allowed.test", () => s.write("GET /from-client HTTP/1.0\r\nHost: allowed.test\r\n\r\n"));
    s.on("data", d => process.stdout.write(d)).on("error", e => { console.log(e.code); process.exit(1) })'
}

@test "git over https and http" {
  need_program git
  clients_policy
  run host_tools_run -- sh -c 'timeout 20 /usr/bin/git ls-remote https://allowed.test/repo.git; timeout 20 /usr/bin/git ls-remote http://allowed.test/repo.git
    timeout 20 /usr/bin/git ls-remote https://other.test/repo.git'
  expect nonzero "Could not resolve host: other.test"
  [ "$(origin_saw 'https GET allowed.test /repo.git/info/refs')" -eq 1 ]
  [ "$(origin_saw 'http GET allowed.test /repo.git/info/refs')" -eq 1 ]
}

@test "B14 a connection straight to the listener of the fence is refused and audited" {
  web_policy
  run plain_run -- sh -c 'curl -sS -m 10 http://127.0.0.1:3129/; echo captured: $?'
  # A reset: whether curl sees it while it connects (7) or when it reads (56) is a matter of microseconds.
  expect 0
  [[ $output =~ "captured: "(7|56) ]]
  expect_audit '.via == "captured" and .verdict == "deny" and (.reason | contains("straight to the listener"))'
}

@test "B21 B22 B23 the forward port knows other protocols and forwards none of them" {
  web_policy
  run host_tools_run -- /usr/bin/python3 -c '
import socket, ssl
def say(data):
    s = socket.create_connection(("127.0.0.1", 3128), 10)
    s.sendall(data)
    try:
        return s.recv(200)
    except ConnectionResetError:
        return b"reset"
print("socks5", say(b"\x05\x01\x00"), "socks4", say(b"\x04\x01\x00\x50\x7f\0\0\1\0"))
print("v1", say(b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n")[:12], "v2", say(b"\r\n\r\n\0\r\nQUIT\n")[:12])
try:
    ssl.create_default_context().wrap_socket(socket.create_connection(("127.0.0.1", 3128), 10), server_hostname="allowed.test")
except ssl.SSLError as problem:
    print("tls", problem.reason)'
  expect 0 "socks5 b'reset' socks4 b'reset'" "v1 b'HTTP/1.1 400' v2 b'HTTP/1.1 400'" "tls TLSV1_ALERT_ACCESS_DENIED"
  [ "$(audit_lines | jq -c 'select(.code == "unsupported_protocol" and .verdict == "deny")' | wc -l)" -eq 5 ]
}

@test "an endpoint whose rules judge requests is inspected when it is captured, too" {
  write_transparent_policy <<'END'
  api:
    endpoints: [{host: allowed.test, port: 443, protocol: rest, access: read-only}]
    binaries: [{path: /usr/bin/curl}]
END
  run plain_run -- sh -c 'curl -sS -m 10 https://allowed.test/read; curl -sS -m 10 -X POST https://allowed.test/write'
  expect 0 "hello to GET /read" '"error":"policy_denied"' '"method":"POST"'
  [ "$(origin_saw /write)" -eq 0 ]
}

@test "H11 what the sandbox was told by its name server still holds after a crash of the worker" {
  write_transparent_policy <<'END'
  greeter:
    endpoints: [{host: allowed.test, port: 2222}]
    binaries: [{path: /bin/busybox}]
END
  plain_run -d -- sleep 300 >/dev/null
  local id sandbox old
  id=$(cat "$T/cid")
  sandbox=$T/sb/$id
  run docker exec "$id" sh -c "sleep 3 | timeout 10 nc $ORIGIN_IP 2222"
  [[ $output != *"speaks first"* ]] || fail "an address that nobody was told of was reached:" "$output"
  docker exec "$id" nslookup -type=a allowed.test >/dev/null
  old=$(jq .worker "$sandbox/worker.json")
  kill -9 "$old"
  wait_until 10 eval '[ "$(jq .worker "'"$sandbox"'/worker.json")" != '"$old"' ] && [ "$(jq -r .state "'"$sandbox"'/worker.json")" = running ]'
  run docker exec "$id" sh -c "sleep 3 | timeout 10 nc $ORIGIN_IP 2222"
  [[ $output == *"speaks first"* ]] || fail "not reached:" "$output" "$(cat "$T/log/$id/audit.jsonl")"
  docker rm -f "$id" >/dev/null
}
