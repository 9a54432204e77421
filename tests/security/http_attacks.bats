#!/usr/bin/env bats
# Items of the attack checklist that need a real client, TLS and a real origin: their numbers are in the names.
# tests/lib/attack.py sends what no ordinary client does.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/clients

setup_file() {
  start_clients_suite
  write_current_policy <<'POLICY'
version: 1
filesystem_policy: {read_only: [/usr, /etc, /proc, /attack], read_write: [/tmp, /sandbox]}
network_policies:
  requests:
    endpoints:
      - {host: allowed.test, port: 443, protocol: rest, access: read-only}
      - {host: allowed.test, port: 2222, protocol: rest, access: full}
      - {host: allowed.test, port: 9443, protocol: rest, access: full}
      - {host: other.test, port: 2222}
      - host: allowed.test
        port: 80
        protocol: websocket
        rules: [{allow: {method: GET, path: /chat}}, {allow: {method: WEBSOCKET_TEXT, path: /chat}}]
POLICY
  if [ -e "$T/no-docker" ]; then return 0; fi
  start_mutual_origin
  # Waits for more than half a minute; the last test looks at it.
  docker run -d --name pauser --runtime current -v /usr:/usr:ro -v "$TESTS_LIB:/attack:ro" \
    --add-host "allowed.test:$ORIGIN_IP" debian /usr/bin/python3 /attack/attack.py pause allowed.test >/dev/null
}

# The one that waits is for the last test.
teardown() { :; }

teardown_file() {
  [ ! -e "$T/mutual.job" ] || stop_pid "$(cat "$T/mutual.job")"
  stop_docker_suite
}

# Wants a certificate of whoever connects.
start_mutual_origin() {
  ip netns exec "$ORIGIN_NETNS" openssl s_server -accept "$ORIGIN_IP:9443" -cert "$T/origin.pem" -key "$T/origin.key" \
    -CAfile "$T/ca.pem" -Verify 2 -www </dev/null >"$T/mutual.out" 2>&1 3>&- &
  echo $! >"$T/mutual.job"
}

attack() { client -v "$TESTS_LIB:/attack:ro" -- /usr/bin/python3 /attack/attack.py "$@"; }

@test "A43 each of a thousand pipelined requests is judged on its own, and nothing is read behind one that is malformed" {
  run attack pipeline allowed.test no
  expect 0 "first 403, 999 allowed, 0 malformed"
  [ "$(origin_saw pipelined/0)" -eq 0 ]
  run attack pipeline allowed.test yes
  expect 0 "first 403, 498 allowed, 1 malformed"
  [ "$(origin_saw 'GET allowed.test /pipelined/600 ')" -eq 1 ]
}

@test "A28 a body that pauses and goes on as a request is a body" {
  run attack body_pause allowed.test
  expect 0 sent
  [ "$(origin_saw /late)" -eq 0 ]
}

@test "C6 old versions and ciphers, renegotiation and compression are refused" {
  run attack old_tls allowed.test
  expect 0 "SSLv3: alert" "TLS 1.0: alert" "TLS 1.1: alert" "RC4: alert 40" "NULL: alert 40" "EXPORT: alert 40" "3DES: alert 40"
  run client -- /bin/sh -c '(printf "GET /before HTTP/1.1\r\nHost: allowed.test\r\n\r\n"; sleep 1; echo R; sleep 1;
    printf "GET /after-renegotiation HTTP/1.1\r\nHost: allowed.test\r\n\r\n"; sleep 1) |
    openssl s_client -tls1_2 -comp -connect allowed.test:443 -servername allowed.test 2>&1'
  [[ $output == *"Compression: NONE"* && $output == *RENEGOTIATING* ]] || fail "no renegotiation was tried:" "$output"
  [ "$(origin_saw /before)" -eq 1 ]
  [ "$(origin_saw /after-renegotiation)" -eq 0 ]
}

@test "C7 no session is given out that early data could be sent in" {
  run client -- /bin/sh -c 'printf "GET /early HTTP/1.1\r\nHost: allowed.test\r\n\r\n" >/tmp/early
    for n in 1 2; do (sleep 1) | openssl s_client -tls1_3 -connect allowed.test:443 -servername allowed.test \
      -sess_out /tmp/session $([ ! -s /tmp/session ] || echo -sess_in /tmp/session -early_data /tmp/early) 2>&1; done
    ls /tmp'
  expect_not "Early data was accepted" Reused
  [ "$(origin_saw /early)" -eq 0 ]
}

@test "C10 an origin that wants a client's certificate is an error, and gets no request" {
  run client -- /usr/bin/curl -sS -i https://allowed.test:9443/mutual
  expect 0 "HTTP/1.1 502" '"error":"upstream_tls"'
  expect_audit '.verdict == "deny" and .code == "upstream_tls"'
}

@test "C16 TLS in TLS, SSH and binary are not passed where requests are judged" {
  run attack foreign allowed.test
  expect 0 "SSH: b'" "binary: b'" "SMTP: b'" "TLS in TLS: b'HTTP/1.1 400"
  expect_audit '.verdict == "deny" and .code == "unsupported_protocol"'
  ! grep -qE 'SSH-2|STARTTLS' "$T/origin.log" || fail "it reached the origin"
}

@test "C17 a protocol that upgrades to TLS passes only where the policy says connections" {
  run attack starttls allowed.test 2222
  ! grep -q "told b'EHLO" "$T/origin.log" || fail "it reached the origin"
  run attack starttls other.test 2222
  expect 0 "220 origin speaks first" "250 EHLO"
}

@test "H2 a WebSocket whose rule is revoked ends at once, not at its next message" {
  docker run -d --name chatter --runtime current -v /usr:/usr:ro -v "$TESTS_LIB:/attack:ro" \
    --add-host "allowed.test:$ORIGIN_IP" debian /usr/bin/python3 /attack/attack.py websocket allowed.test >/dev/null
  says() { docker logs chatter 2>&1 | grep -q "$1"; }
  wait_until 60 says ready || fail "no WebSocket:" "$(docker logs chatter 2>&1)"
  sed 's/, {allow: {method: WEBSOCKET_TEXT.*}}\]/]/' "$T/policies/current.yaml" >"$T/mute.yaml"
  local id
  id=$(docker inspect -f '{{.Id}}' chatter)
  run "$CTL" policy set "$id" "$T/mute.yaml" --config "$T/config.yaml" --dry-run
  expect 0
  says closed && fail "a dry run closed it"
  run "$CTL" policy set "$id" "$T/mute.yaml" --config "$T/config.yaml"
  expect 0
  wait_until 20 says "closed 1008" || fail "it stands:" "$(docker logs chatter 2>&1)"
  docker rm -f chatter >/dev/null
}

@test "H7 what a request holds forges no line of the audit and no colour of a terminal" {
  run client -- /usr/bin/curl -sS -A $'agent\e[31m' $'https://allowed.test/a%1b%5b31m'
  run client -- /usr/bin/curl -sS -A $'"},{"verdict":"allow' 'https://allowed.test/%e2%80%ae%22,%22verdict%22:%22allow%22'
  expect 0
  run audit_lines
  jq -e . <<<"$output" >/dev/null || fail "not JSON:" "$output"
  ! grep -qP '\x1b|\x{202e}' <<<"$output" || fail "raw bytes of the request:" "$output"
  run "$CTL" logs --config "$T/config.yaml" "$(cat "$T/cid")"
  ! grep -qP '\x1b|\xe2\x80\xae' <<<"$output" || fail "raw bytes on the terminal"
}

@test "H8 tokens of queries, headers, cookies and bodies are in no audit line and no answer" {
  run client -- /usr/bin/curl -sS -H "Authorization: Bearer h8-header" -H "Cookie: a=h8-cookie" -d h8-body \
    "https://user:h8-basic@allowed.test/h8?token=h8-query"
  expect 0 policy_denied
  expect_not h8-header h8-cookie h8-body h8-query h8-basic
  expect_audit '.verdict == "deny" and .path == "/h8"'
  run audit_lines
  expect_not h8-header h8-cookie h8-body h8-query h8-basic
}

@test "A28 half a head is not waited for, and what comes late is never read" {
  docker wait pauser >/dev/null
  run docker logs pauser
  expect 0 "paused:"
  [ "$(origin_saw /late)" -eq 0 ]
  [ "$(origin_saw /paused)" -eq 0 ]
  docker rm pauser >/dev/null
}
