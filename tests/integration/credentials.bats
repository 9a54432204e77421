#!/usr/bin/env bats
# Secrets of the node that a container uses and never sees: it holds placeholders, and the proxy puts the secrets in where
# the policy says so. What the origin got is in $T/received.

# shellcheck disable=SC2016  # $API_TOKEN is the container's
bats_require_minimum_version 1.5.0

load ../lib/docker_suite

SECRET='tok3n+with/odd=bytes'

setup_file() {
  start_docker_suite
  write_current_policy <<'POLICY'
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /etc, /proc], read_write: [/tmp]}
network_policies:
  api:
    endpoints:
      - {host: allowed.test, port: 443, protocol: rest, access: full}
      - {host: allowed.test, port: 80}
      - {host: other.test, port: 443, protocol: rest, access: full}
      - {host: other.test, port: 8443}
    binaries: [{path: /usr/bin/curl}]
credentials:
  - {secret: api-token, host: allowed.test, header: Authorization}
  - {secret: api-token, host: allowed.test, query: key}
  - {secret: api-token, host: other.test, port: 8443, header: X-Api-Key}
  - {secret: form-word, host: allowed.test, body: true}
  - {secret: nobody-set-it, host: allowed.test, header: X-Missing}
POLICY
}

setup() {
  need_ours
  need_docker
  printf '%s\n' "$SECRET" | secret set api-token
  printf 'p"ss w0rd' | secret set form-word
  : >"$T/received"
}

secret() { "$CTL" secret "$@" --config "$T/config.yaml"; }

asks() { agent_run --rm --runtime current "$@"; }

# What a shell of the container does; the placeholder is in $API_TOKEN.
shell() { asks -- sh -c "$1"; }

expect_received() { grep -qF -- "$1" "$T/received" || fail "the origin did not get '$1'" "$(cat "$T/received")"; }

# Nowhere but at the origin and in the node's store.
expect_secret_nowhere() {
  local found
  found=$(grep -rlFs -e "$SECRET" -e "$(printf %s "$SECRET" | base64)" "$T/log" "$T/sb" "$T/state/sandboxes" \
    "$T/dockerd.log" "$T/data" "$T/exec" 2>/dev/null || true)
  [ -z "$found" ] || fail "the secret is in:" "$found"
}

@test "F17 the origin gets the secret in the header that the policy names, and the container never has it" {
  run shell 'env; curl -sS -H "Authorization: Bearer $API_TOKEN" https://allowed.test/show'
  expect 0 "API_TOKEN=nemoclaw:secret:api-token" "GET /show"
  expect_not "$SECRET"
  expect_received "Authorization: Bearer $SECRET"
  expect_audit '.class_uid == 4002 and .verdict == "allow" and .path == "/show" and .secrets == ["api-token"]'
  expect_secret_nowhere
}

@test "F17 Basic is decoded, filled and encoded again; curl -u works" {
  run shell 'curl -sS -u "user:$API_TOKEN" https://allowed.test/show'
  expect 0
  expect_not "$SECRET"
  expect_received "Authorization: Basic $(printf 'user:%s' "$SECRET" | base64 -w0)"
}

@test "F17 a query gets it encoded, and the audit does not have it" {
  run shell 'curl -sS -G --data-urlencode "key=$API_TOKEN" --data-urlencode "a=b c" https://allowed.test/show'
  expect 0
  expect_received "GET /show?key=tok3n%2Bwith%2Fodd%3Dbytes&a=b+c"
  run audit_lines
  expect_not tok3n
}

@test "F17 a body gets it where the policy says so, as its type needs it, with its length" {
  run shell 'curl -sS --json "{\"word\":\"$FORM_WORD\"}" https://allowed.test/show'
  expect 0
  expect_received '{"word":"p\"ss w0rd"}'
  expect_received 'Content-Length: 21'
  run shell 'curl -sS -d "word=$FORM_WORD&x=1" https://allowed.test/show'
  expect_received 'word=p%22ss%20w0rd&x=1'
  # Over the limit of what is read whole: refused, and nothing of it sent.
  : >"$T/received"
  run shell 'head -c 2000000 /dev/zero | curl -sS -H "Expect:" --data-binary @- https://allowed.test/show'
  expect 0 '"error":"invalid_request"' "read whole"
  [ ! -s "$T/received" ]
}

@test "F17 F19 anywhere else the request is refused before a byte leaves, with the reason" {
  run shell 'for a in "-H X-Other:$API_TOKEN https://allowed.test/show" "https://allowed.test/show/$API_TOKEN" \
    "https://allowed.test/show?other=$API_TOKEN" "-H Authorization:$API_TOKEN https://other.test/show" \
    "-H Authorization:$API_TOKEN http://allowed.test/show" "-H Authorization:$FORM_WORD https://allowed.test/show" \
    "-d $API_TOKEN https://allowed.test/show" "-H Authorization:nemoclaw:secret:unknown https://allowed.test/show"; do
    curl -sS $a; done'
  expect 0 '"layer":"credentials"' "credentials do not put there" "header 'X-Other'" "for other.test:443" \
    "for allowed.test:80"
  [ "$(grep -c policy_denied <<<"$output")" -eq 8 ] || fail "not all were refused:" "$output"
  [ ! -s "$T/received" ] || fail "a byte left:" "$(cat "$T/received")"
  expect_audit '.verdict == "deny" and .layer == "credentials"'
}

@test "F18 a secret that the origin sends back is masked, in the head, the body, in base64, in chunks of one byte" {
  local path
  for path in /show /show/chunked; do
    run shell "curl -sS -i -H \"Authorization: Bearer \$API_TOKEN\" https://allowed.test$path"
    expect 0 "X-Came: Bearer ********************" "Authorization: Bearer ********************" base64
    expect_not "$SECRET"
    # Whatever the base64 text still shows, it is not the secret.
    local text
    text=$(sed -n 's/^base64 //p' <<<"$output" | tr '*' 'A' | tr -d '\r' | base64 -d 2>/dev/null | tr -d '\0' || true)
    [[ $text == *"GET /show"* ]] || fail "the base64 text is no longer one: $text"
    [[ $text != *with/odd* ]] || fail "base64 shows the secret: $text"
  done
}

@test "F18 an answer that cannot be searched is not passed on, and no coding is asked for" {
  run shell 'curl -sS --compressed -H "Authorization: $API_TOKEN" https://allowed.test/show/gzip'
  expect 0 '"error":"upstream_unreachable"' "cannot be searched"
  expect_received "Accept-Encoding: identity"
}

@test "a missing secret is a denial that names the remedy; one that is set again is used at once" {
  run shell 'curl -sS -H "X-Missing: $NOBODY_SET_IT" https://allowed.test/show'
  expect 0 policy_denied "nemoclawctl secret set nobody-set-it"
  [ ! -s "$T/received" ]
  docker run -d --name rotating --runtime current --add-host "allowed.test:$ORIGIN_IP" agent sleep 60 >/dev/null
  run docker exec rotating sh -c 'curl -sS -H "Authorization: $API_TOKEN" https://allowed.test/show'
  expect 0
  expect_received "Authorization: $SECRET"
  printf 'another-value' | secret set api-token
  run docker exec rotating sh -c 'curl -sS -H "Authorization: $API_TOKEN" https://allowed.test/show'
  expect 0
  expect_not another-value
  expect_received "Authorization: another-value"
  secret rm api-token
  run docker exec rotating sh -c 'curl -sS -H "Authorization: $API_TOKEN" https://allowed.test/show'
  expect 0 "nemoclawctl secret set api-token"
  docker rm -f rotating >/dev/null
}

@test "an endpoint of connections alone is inspected where the policy binds a credential to it" {
  run shell 'curl -sS -H "X-Api-Key: $API_TOKEN" https://other.test:8443/show'
  expect 0
  expect_not "$SECRET"
  expect_received "X-Api-Key: $SECRET"
}

@test "nemoclawctl secret set, list and rm: private files, no value on the command line or in the output" {
  run secret list
  expect 0 api-token form-word
  expect_not "$SECRET"
  run secret set api-token "$SECRET"
  expect 2 "standard input"
  run bash -c "printf short | '$CTL' secret set x --config '$T/config.yaml'"
  expect 2 "8 bytes"
  local directory
  directory=$(secret list --format json | jq -r '.[0].directory')
  [ "$(stat -c %a "$directory")" = 700 ]
  [ "$(stat -c '%a %U' "$directory/api-token")" = "600 root" ]
  secret rm form-word
  run secret rm form-word
  expect 2 "no secret"
  run secret rm
  expect 2 "name one secret"
  expect_not "standard input"
  run "$CTL" policy explain "$T/policies/current.yaml"
  expect 0 "nemoclaw:secret:api-token (API_TOKEN) in header Authorization of requests to allowed.test:443"
  # Nobody in the container reads the store, whoever it is there.
  run shell "cat $directory/api-token /proc/1/root$directory/api-token; ls /var/lib/nemoclaw"
  expect_not "$SECRET"
}
