#!/usr/bin/env bats
# Rules on what is said: TLS ends in the proxy, every request is judged, and clients of an unmodified image notice nothing.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

setup_file() {
  start_docker_suite
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /etc], read_write: [/tmp]}
network_policies:
  api:
    endpoints:
      - host: allowed.test
        port: 443
        protocol: rest
        rules:
          - {allow: {method: GET, path: /**}}
          - {allow: {method: POST, path: /upload}}
        deny_rules:
          - {method: GET, path: /secret/**}
      - host: allowed.test
        port: 80
        protocol: rest
        access: read-only
    binaries: [{path: /usr/bin/curl}]
  watched:
    endpoints:
      - {host: other.test, port: 443, protocol: rest, access: read-only, enforcement: audit}
    binaries: [{path: /usr/bin/curl}]
EOF
}

inspected() { agent_run --rm --runtime current "$@"; }

@test "an allowed GET over TLS works without any flag, and is audited as a request" {
  run inspected -- curl -sS https://allowed.test/hello?token=hidden
  expect 0 "origin says hello to GET /hello?token=hidden"
  expect_audit '.class_uid == 4002 and .verdict == "allow" and .method == "GET" and .path == "/hello" and .entry == "api"'
  run audit_lines
  expect_not hidden
}

@test "a denied POST gets a body that says what to do, and never reaches the origin" {
  run inspected -- curl -sS -d data https://allowed.test/forbidden
  expect 0 '"error":"policy_denied"' '"layer":"l7"' 'POST /forbidden not permitted by policy' next_steps
  [ "$(origin_saw /forbidden)" -eq 0 ]
  expect_audit '.class_uid == 4002 and .verdict == "deny" and .method == "POST" and .layer == "l7"'
}

@test "the status of a denial is 403, and deny rules beat allow rules however the path is written" {
  run inspected -- sh -c 'for path in /secret/a //secret/a /x/../secret/a /%73ecret/a "/secret;x/a"; do
    curl -sS --path-as-is -o /dev/null -w "%{http_code}\n" "https://allowed.test$path"; done'
  expect 0
  [ "$(grep -c '^403$' <<<"$output")" -eq 5 ]
  [ "$(origin_saw secret)" -eq 0 ]
}

@test "where the policy has rules on requests, every request is judged on its own, and a denied one never reaches the origin" {
  run inspected -- curl -sS -w '%{http_code} %{num_connects}\n' https://allowed.test/one -d x https://allowed.test/upload \
    --next -sS -w '%{http_code} %{num_connects}\n' https://allowed.test/secret/no \
    --next -sS -w '%{http_code} %{num_connects}\n' https://allowed.test/after
  expect 0 "403 0" "hello to GET /after" "200 0"
  [ "$(origin_saw secret/no)" -eq 0 ]
}

@test "bodies go both ways whole: sizes, chunks and HEAD" {
  run inspected -- sh -c 'head -c 3000000 /dev/zero >/tmp/zeros
    for source in - /tmp/zeros; do
      curl -sS -T "$source" -X POST https://allowed.test/upload -o /dev/null -w "%{http_code} " </tmp/zeros
    done
    curl -sS https://allowed.test/bytes/5000000 | wc -c; curl -sSI https://allowed.test/hello'
  expect 0 "200 200 5000000" "HTTP/1.1 200"
  [ "$(origin_saw "POST allowed.test /upload 3000000")" -eq 2 ]
}

@test "plain HTTP is judged the same way" {
  run inspected -- curl -sS http://allowed.test/plain
  expect 0 "hello to GET /plain"
  run inspected -- curl -sS -d x http://allowed.test/plain-post
  expect 0 policy_denied
  [ "$(origin_saw plain-post)" -eq 0 ]
}

@test "enforcement audit lets pass what the rules deny, and says so" {
  run inspected -- curl -sS -d x https://other.test/watched
  expect 0 "hello to POST /watched"
  expect_audit '.would_deny == true and .verdict == "allow" and .code == "policy_denied"'
}

@test "C1, C2: another name in TLS or in Host than the connection's is refused" {
  run inspected -- curl -sS --connect-to other.test:443:allowed.test:443 https://other.test/fronted
  expect nonzero
  expect_audit '.code == "authority_mismatch" and .verdict == "deny"'
  run inspected -- curl -sS -H 'Host: other.test' -w '%{http_code}' https://allowed.test/hosted
  expect 0 421 authority_mismatch
  [ "$(origin_saw fronted)" -eq 0 ]
  [ "$(origin_saw hosted)" -eq 0 ]
}

@test "C8: an origin whose certificate cannot be verified is 502, and never passed on" {
  write_current_policy <<'EOF'
version: 1
network_policies:
  api:
    endpoints: [{host: wrong.test, port: 443, protocol: rest, access: read-only}]
    binaries: [{path: /usr/bin/curl}]
EOF
  run inspected --add-host "wrong.test:$ORIGIN_IP" -- curl -sS -w '%{http_code}' https://wrong.test/x
  expect 0 502 upstream_tls "hostname mismatch"
  [ "$(origin_saw /x)" -eq 0 ]
}

@test "GraphQL: operations and fields are judged, through fragments, aliases and batches" {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /etc], read_write: [/tmp]}
network_policies:
  graph:
    endpoints:
      - host: allowed.test
        port: 443
        path: /graphql
        protocol: graphql
        rules:
          - {allow: {operation_type: query, fields: [viewer, repository]}}
    binaries: [{path: /usr/bin/curl}]
EOF
  graph() { inspected -- curl -sS -H 'Content-Type: application/json' -d "$1" https://allowed.test/graphql; }
  run graph '{"query":"{ me: viewer { login } ...F } fragment F on Query { repository { id } }"}'
  expect 0 "hello to POST /graphql"
  for body in '{"query":"mutation { viewer { login } }"}' '{"query":"{ viewer: deleteAll { id } }"}' \
    '{"query":"{ ...F } fragment F on Query { secret }"}' '[{"query":"{ viewer { login } }"},{"query":"{ secret }"}]' \
    '{"extensions":{"persistedQuery":{"sha256Hash":"0"}}}' 'not json'; do
    run graph "$body"
    expect 0 '"error":"'
  done
  [ "$(origin_saw "POST allowed.test /graphql")" -eq 1 ]
}

@test "MCP: methods and tools are judged, in batches too" {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /etc], read_write: [/tmp]}
network_policies:
  tools:
    endpoints:
      - host: allowed.test
        port: 443
        path: /mcp
        protocol: mcp
        rules:
          - {allow: {method: initialize}}
          - {allow: {method: tools/list}}
          - {allow: {method: tools/call, tool: search}}
    binaries: [{path: /usr/bin/curl}]
EOF
  mcp() { inspected -- curl -sS -H 'Content-Type: application/json' -d "$1" https://allowed.test/mcp; }
  run mcp '[{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search"}}]'
  expect 0 "hello to POST /mcp"
  for body in '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete"}}' \
    '[{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","id":2,"method":"resources/read"}]' \
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}'; do
    run mcp "$body"
    expect 0 '"error":"'
  done
  [ "$(origin_saw "POST allowed.test /mcp")" -eq 1 ]
}

@test "WebSocket: the handshake and each kind of message are judged, and frames are checked" {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /etc], read_write: [/tmp]}
network_policies:
  chat:
    endpoints:
      - host: allowed.test
        port: 80
        protocol: websocket
        rules:
          - {allow: {method: GET, path: /chat}}
          - {allow: {method: GET, path: /listen}}
          - {allow: {method: WEBSOCKET_TEXT, path: /chat}}
    binaries: [{path: /bin/busybox}]
EOF
  # PATH FRAME (printf's octal): the handshake through the proxy, one frame, and what comes back.
  chat() {
    # shellcheck disable=SC2016  # for the shell in the container
    inspected -- sh -c '(printf "CONNECT allowed.test:80 HTTP/1.1\r\nHost: allowed.test:80\r\n\r\n"; sleep 0.3
      printf "GET %s HTTP/1.1\r\nHost: allowed.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" "$0"
      printf "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"; sleep 0.3
      printf "$1"; sleep 0.5) | nc 127.0.0.1 3128 | tr -d "\000-\010\016-\037\200-\377"' "$@"
  }
  # "hello", masked
  run chat /chat '\201\205\021\042\063\104yG_(~'
  expect 0 "101 Switching Protocols" hello
  [ "$(origin_saw 'message hello')" -eq 1 ]
  expect_audit '.method == "WEBSOCKET_TEXT" and .verdict == "allow"'
  run chat /listen '\201\205\021\042\063\104yG_(~'
  expect 0 "101 Switching Protocols" "not permitted by policy, decision"
  run chat /chat '\202\205\021\042\063\104yG_(~'
  expect 0 "not permitted by policy, decision"
  run chat /chat '\201\005hello'
  expect 0 "not masked"
  run chat /other '\201\205\021\042\063\104yG_(~'
  expect 0 403 policy_denied
  [ "$(origin_saw '^message')" -eq 1 ]
}

@test "limits: too many requests and too long bodies get 429, declared or not" {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /etc], read_write: [/tmp]}
network_policies:
  few:
    endpoints:
      - {host: allowed.test, port: 443, protocol: rest, access: read-only, limits: {requests_per_minute: 2}}
      - {host: other.test, port: 443, protocol: rest, access: full, limits: {body_bytes_max: 1000}}
      - {host: "*.wild.test", port: 443, protocol: rest, access: full, allowed_ips: [10.0.0.0/8], limits: {requests_per_minute: 2}}
    binaries: [{path: /usr/bin/curl}]
EOF
  run inspected -- curl -sS -w '%{http_code}\n' https://allowed.test/few1 https://allowed.test/few2 https://allowed.test/few3
  expect 0 "hello to GET /few1" "hello to GET /few2" rate_limited "429"
  [ "$(origin_saw /few3)" -eq 0 ]
  # Every name below a wildcard counts for the one endpoint.
  run inspected --add-host "a.wild.test:$ORIGIN_IP" --add-host "b.wild.test:$ORIGIN_IP" --add-host "c.wild.test:$ORIGIN_IP" -- \
    curl -sS https://a.wild.test/wild1 https://b.wild.test/wild2 https://c.wild.test/wild3
  expect 0 "hello to GET /wild1" "hello to GET /wild2" rate_limited
  [ "$(origin_saw /wild3)" -eq 0 ]
  run inspected -- sh -c 'head -c 5000 /dev/zero >/tmp/zeros; head -c 1000 /dev/zero >/tmp/less
    curl -sS -T /tmp/less https://other.test/less; curl -sS -T /tmp/zeros https://other.test/long1
    curl -sS -T - https://other.test/long2 </tmp/zeros'
  expect 0 "hello to PUT /less" "body_bytes_max is 1000" "limits leave"
  [ "$(origin_saw /long)" -eq 0 ]
}

# C14; and the authority outlives a worker that crashed.
@test "the sandbox's certificate authority is its own: its key is nowhere to be found but in the proxy's memory" {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /etc], read_write: [/tmp]}
network_policies:
  api:
    endpoints: [{host: allowed.test, port: 443, protocol: rest, access: read-only}]
    binaries: [{path: /usr/bin/curl}]
EOF
  local id worker
  id=$(agent_run -d --runtime current -- sleep 300)
  run docker exec "$id" curl -sS https://allowed.test/before
  expect 0 "hello to GET /before"
  worker=$(jq -r .worker "$T/sb/$id/worker.json")
  kill -9 "$worker"
  run docker exec "$id" curl -sS https://allowed.test/afterwards
  expect 0 "hello to GET /afterwards"
  [ "$(jq -r .worker "$T/sb/$id/worker.json")" != "$worker" ]
  run grep -rl "PRIVATE KEY" "$T/sb/$id" "$T/log/$id"
  [ -z "$output" ]
  run docker exec "$id" sh -c 'cat /run/nemoclaw/*'
  expect 0 "BEGIN CERTIFICATE"
  expect_not "PRIVATE KEY"
  docker rm -f "$id"
}

@test "the image's trust files and variables: extended in place, left alone when the manager mounts them" {
  run inspected -- sh -c 'grep -c BEGIN /etc/ssl/certs/ca-certificates.crt; echo $SSL_CERT_FILE $NODE_EXTRA_CA_CERTS $JAVA_TOOL_OPTIONS'
  expect 0 2 "/run/nemoclaw/ca-bundle.pem /run/nemoclaw/ca.pem"
  expect_not javax
  run inspected -e SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt -e JAVA_HOME=/opt/java -- sh -c 'echo $SSL_CERT_FILE $JAVA_TOOL_OPTIONS'
  expect 0 "/etc/ssl/certs/ca-certificates.crt -Djavax.net.ssl.trustStore=/run/nemoclaw/truststore.p12"
  run inspected -v "$T/ca.pem:/etc/ssl/certs/ca-certificates.crt:ro" -- sh -c 'grep -c BEGIN /etc/ssl/certs/ca-certificates.crt'
  expect 0 1
  run inspected -- sh -c 'echo x >>/etc/ssl/certs/ca-certificates.crt; echo x >/run/nemoclaw/ca.pem'
  expect nonzero
}
