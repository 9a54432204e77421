#!/usr/bin/env bats
# Programs that know nothing of proxies: their connections and their questions for names are captured, judged and
# audited all the same.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/network
load ../lib/docker
load ../lib/leaks
load ../lib/policies

setup_file() {
  make_private_directory
  write_policies
  start_network
  start_docker
  import_image
}

teardown_file() {
  stop_docker
  stop_network
  remove_private_directory
}

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
