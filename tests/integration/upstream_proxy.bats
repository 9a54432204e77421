#!/usr/bin/env bats
# A node behind another proxy: what is allowed goes through it, to the addresses that were judged.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

setup_file() {
  start_docker_suite
  [ ! -e "$T/no-docker" ] || return 0
  PROXY_IP=$SUBNET.4
  export PROXY_IP
  add_namespace "$NAME-proxy" "$PROXY_IP" "ncp${SUBNET##*.}"
  ip netns exec "$NAME-proxy" /usr/bin/python3 "$TESTS_LIB/connect_proxy.py" "$T" "$PROXY_IP" 3128 "$ORIGIN_IP" 'web:pass word' \
    </dev/null >"$T/proxy.out" 2>&1 3>&- &
  echo $! >"$T/proxy.pid"
  wait_until 60 test -e "$T/proxy.ready" || fail "the upstream proxy did not start:" "$(cat "$T/proxy.out")"
  cp "$T/config.yaml" "$T/config.base"
  printf 'web:pass word\n' >"$T/credentials"
  chmod 0600 "$T/credentials"
  sed '/^network_policies/,$d' "$T/policies/main.yaml" >"$T/policies/current.yaml"
  cat >>"$T/policies/current.yaml" <<END
network_policies:
  web:
    endpoints:
      - {host: allowed.test, port: 443}
      - {host: allowed.test, port: 80}
      - {host: $ORIGIN_IP, port: 2222}
      - {host: other.test, port: 443}
    binaries: [{path: /usr/bin/curl}, {path: /bin/busybox}]
END
}

teardown_file() {
  [ ! -e "$T/proxy.pid" ] || stop_pid "$(cat "$T/proxy.pid")"
  stop_docker_suite
}

setup() {
  need_ours
  need_docker
  : >"$T/proxy.log"
  : >"$T/origin.log"
}

# The node's configuration with this below `upstream_proxy:`
through() { { cat "$T/config.base" && echo "upstream_proxy:" && sed 's/^/  /'; } >"$T/config.yaml"; }

through_ours() {
  through <<END
url: http://$PROXY_IP:3128
credentials_file: $T/credentials
END
}

fetch() { agent_run --runtime current --rm -- curl -sS -m 20 "$@"; }
proxy_saw() { grep -c -- "$1" "$T/proxy.log" || true; }

@test "what is allowed goes through the node's proxy, to the judged address" {
  through_ours
  run fetch https://allowed.test/by-connect
  expect 0 "hello to GET /by-connect"
  [ "$(proxy_saw "^CONNECT $ORIGIN_IP:443\$")" -eq 1 ] || fail "$(cat "$T/proxy.log")"
  grep -q "^tcp $PROXY_IP 443" "$T/origin.log" || fail "$(cat "$T/origin.log")"
  [ "$(grep '^tcp ' "$T/origin.log" | grep -vc "$PROXY_IP")" -eq 0 ] || fail "$(cat "$T/origin.log")"
  expect_audit '.verdict == "allow" and .dst.ip == "'"$ORIGIN_IP"'"'
  [ "$(audit_lines | grep -c 'pass word\|d2ViOnBhc3Mgd29yZA')" -eq 0 ] || fail "the credentials are in the audit"
}

@test "captured connections and plain requests go through it, too" {
  through_ours
  run fetch --noproxy '*' https://allowed.test/captured
  expect 0 "hello to GET /captured"
  run fetch http://allowed.test/plain
  expect 0 "hello to GET /plain"
  [ "$(proxy_saw "^CONNECT $ORIGIN_IP:443\$")" -eq 1 ] || fail "$(cat "$T/proxy.log")"
  [ "$(proxy_saw "^CONNECT $ORIGIN_IP:80\$")" -eq 1 ] || fail "$(cat "$T/proxy.log")"
}

@test "an origin behind it may speak first" {
  through_ours
  run agent_run --runtime current --rm -- sh -c "{ sleep 2; echo bye; sleep 1; } | timeout 10 nc $ORIGIN_IP 2222"
  [ "$(proxy_saw "^CONNECT $ORIGIN_IP:2222\$")" -eq 1 ] || fail "$(cat "$T/proxy.log")" "$output"
  [[ $output == *"speaks first"* ]] || fail "no greeting:" "$output"
}

@test "what the policy refuses never gets to it" {
  through_ours
  run fetch https://refused.test/
  expect nonzero 403
  run agent_run --runtime current --rm -- fetch -sS "https://allowed.test/other-program"
  expect nonzero 403
  [ ! -s "$T/proxy.log" ] || fail "$(cat "$T/proxy.log")"
}

@test "no_proxy by name and by address goes directly" {
  through <<END
url: http://$PROXY_IP:3128
credentials_file: $T/credentials
no_proxy: [other.test]
END
  run fetch https://other.test/direct
  expect 0 "hello to GET /direct"
  [ ! -s "$T/proxy.log" ] || fail "$(cat "$T/proxy.log")"
  run fetch https://allowed.test/through
  expect 0 "hello to GET /through"
  [ "$(proxy_saw CONNECT)" -eq 1 ] || fail "$(cat "$T/proxy.log")"
  through <<END
url: http://$PROXY_IP:3128
no_proxy: [$SUBNET.0/24]
END
  run fetch https://allowed.test/by-address
  expect 0 "hello to GET /by-address"
  [ "$(proxy_saw CONNECT)" -eq 1 ] || fail "$(cat "$T/proxy.log")"
}

@test "ask_for: name tells it the name of the judged address" {
  through <<END
url: http://$PROXY_IP:3128
credentials_file: $T/credentials
ask_for: name
END
  run fetch https://allowed.test/by-name
  expect 0 "hello to GET /by-name"
  [ "$(proxy_saw '^CONNECT allowed.test:443$')" -eq 1 ] || fail "$(cat "$T/proxy.log")"
}

@test "a proxy that refuses or is not there is no reason to go without it" {
  through <<END
url: http://$PROXY_IP:3128
END
  run fetch https://allowed.test/no-credentials
  expect nonzero 502
  expect_audit '.code == "upstream_unreachable" and (.reason | contains("407"))'
  through <<END
url: http://$PROXY_IP:3129
END
  run fetch https://allowed.test/nobody-there
  expect nonzero 502
  expect_audit '.code == "upstream_unreachable" and (.reason | contains("upstream proxy"))'
  [ "$(origin_saw /no)" -eq 0 ] || fail "$(cat "$T/origin.log")"
}

@test "credentials that everybody can read are refused with the remedy" {
  printf 'a:b\n' >"$T/open-credentials"
  chmod 0644 "$T/open-credentials"
  through <<END
url: http://$PROXY_IP:3128
credentials_file: $T/open-credentials
END
  run fetch https://allowed.test/
  expect nonzero "readable by everybody" "chmod"
}
