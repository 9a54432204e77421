#!/usr/bin/env bats
# Connections to origins that are kept for the next request of the same caller, and for nobody else; and clients that keep
# their connection to the proxy. The origin writes down every connection that it accepts.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/clients

setup_file() {
  start_clients_suite
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/usr, /etc, /proc], read_write: [/tmp, /sandbox]}
network_policies:
  requests:
    endpoints:
      - {host: allowed.test, port: 443, protocol: rest, access: full}
      - {host: allowed.test, port: 80, protocol: rest, access: read-only}
      - {host: other.test, port: 80}
    binaries: [{path: /usr/bin/curl}, {path: /usr/bin/python3*}]
EOF
}

setup() {
  need_ours
  need_docker
  : >"$T/origin.log"
}

connections() { origin_saw "^accept .* $1\$"; }

@test "a program that is run again takes the connection that its last run has left" {
  run client -- sh -c 'for n in 1 2 3; do curl -sS https://allowed.test/again/$n; done'
  expect 0 "/again/1" "/again/2" "/again/3"
  [ "$(connections 443)" -eq 1 ] || fail "$(cat "$T/origin.log")"
  [ "$(audit_lines | jq -s 'map(select(.class_uid == 4001 and .verdict == "allow" and .activity_id == 1)) | length')" -eq 3 ]
}

@test "I15 another program, or the same one below another, does not" {
  run client -- sh -c 'curl -sS https://allowed.test/from/curl
    python3 -c "import urllib.request as r; print(r.urlopen(\"https://allowed.test/from/python\").read())"
    bash -c "curl -sS https://allowed.test/from/bash; true"'
  expect 0 "/from/curl" "/from/python" "/from/bash"
  [ "$(connections 443)" -eq 3 ] || fail "$(cat "$T/origin.log")"
}

@test "A44 an answer that nobody asked for is no answer to the next request" {
  run client -- sh -c 'for n in 1 2 3 4; do curl -sS https://allowed.test/surplus/$n; sleep 0.4; done
    for n in 1 2; do curl -sS https://allowed.test/late-surplus/$n; sleep 0.4; done; curl -sS https://allowed.test/last'
  expect 0 "GET /surplus/4" "GET /late-surplus/2" "GET /last"
  expect_not poison
  [ "$(connections 443)" -eq 7 ]
}

@test "what has a doubtful end is not shared: HEAD with a body's length, an end by closing" {
  run client -- sh -c 'for n in 1 2; do curl -sSI https://allowed.test/head/$n; done; for n in 1 2; do curl -sS http://allowed.test/unframed/$n; done'
  expect 0 "HTTP/1.1 200" "GET /unframed/2"
  [ "$(connections 443)" -eq 2 ] || fail "$(cat "$T/origin.log")"
  [ "$(connections 80)" -eq 2 ] || fail "$(cat "$T/origin.log")"
}

@test "an origin that has closed the connection meanwhile is asked over another one" {
  run client -- sh -c 'curl -sS https://allowed.test/leave/1; sleep 0.3; curl -sS https://allowed.test/leave/2; sleep 0.3
    curl -sS -d x https://allowed.test/leave/3'
  expect 0 "GET /leave/1" "GET /leave/2" "POST /leave/3"
  [ "$(connections 443)" -eq 3 ]
}

@test "H2 another policy is not served by the connections of the one before" {
  docker run -d --name waiting --runtime current -v /usr:/usr:ro --add-host "allowed.test:$ORIGIN_IP" debian sleep 300 >/dev/null
  local id
  id=$(docker inspect -f '{{.Id}}' waiting)
  run docker exec waiting sh -c 'curl -sS https://allowed.test/first; curl -sS https://allowed.test/second'
  expect 0 "/first" "/second"
  [ "$(connections 443)" -eq 1 ]
  sed 's/port: 443, protocol: rest, access: full/port: 443, protocol: rest, access: read-only/' "$T/policies/current.yaml" >"$T/narrow.yaml"
  run "$CTL" policy set "$id" "$T/narrow.yaml" --config "$T/config.yaml"
  expect 0
  run docker exec waiting sh -c 'curl -sS https://allowed.test/third; curl -sS -d x https://allowed.test/fourth'
  expect 0 "/third" policy_denied
  [ "$(connections 443)" -eq 2 ]
}

@test "B15 a client of the forward port keeps its connection, each request is judged, and the origin's is kept too" {
  run client -- curl -sS -x http://127.0.0.1:3128 -w '%{http_code} %{num_connects}\n' http://other.test/one http://other.test/two \
    http://nowhere.test/denied http://allowed.test/three --next -sS -x http://127.0.0.1:3128 -w '%{http_code} %{num_connects}\n' -d x http://allowed.test/four \
    --next -sS -x http://127.0.0.1:3128 -w '%{http_code} %{num_connects}\n' http://other.test/five
  expect 0 "GET /one" "200 1" "GET /two" "200 0" "403 0" "GET /three" policy_denied "GET /five"
  [ "$(grep -c '^200 0$' <<<"$output")" -ge 2 ]
  [ "$(connections 80)" -eq 2 ] || fail "$(cat "$T/origin.log")"
  [ "$(origin_saw /four)" -eq 0 ]
  expect_audit '.method == "GET" and .dst.host == "nowhere.test" and .verdict == "deny"'
}

@test "bodies and pipelined requests go through a kept connection of the forward port in their order" {
  run client -- python3 -c '
import socket
proxy = socket.create_connection(("127.0.0.1", 3128), timeout=20)
ask = "%s http://other.test/%s HTTP/1.1\r\nHost: other.test\r\n%s\r\n"
proxy.sendall((ask % ("POST", "a", "Content-Length: 3\r\n") + "abc" + ask % ("POST", "b", "Transfer-Encoding: chunked\r\n") +
  "2\r\nde\r\n0\r\n\r\n" + ask % ("GET", "c", "") + ask % ("GET", "d", "Connection: close\r\n")).encode())
text = b""
while piece := proxy.recv(65536):
    text += piece
print(text.decode())'
  expect 0 "hello to POST /a" "hello to POST /b" "hello to GET /c" "hello to GET /d"
  [ "$(origin_saw 'POST other.test /a 3')" -eq 1 ]
  [ "$(origin_saw 'POST other.test /b 2')" -eq 1 ]
  [ "$(connections 80)" -eq 1 ]
}
