#!/usr/bin/env bats
# Another policy for a container that runs: `nemoclawctl policy set|get|history|rollback`.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

setup() {
  need_ours
  need_docker
  ID=r$BATS_TEST_NUMBER
}

request() { docker exec "$ID" curl -sS -m 20 "https://$1/$2"; }
policy() { "$CTL" policy "$1" --config "$T/config.yaml" "${@:2}"; }
generation() { policy_status .generation; }
policy_status() { "$CTL" sandbox inspect "$FULL_ID" --config "$T/config.yaml" --format json | jq -r ".status$1"; }

# The policy `main` with other hosts: `with_hosts NAME HOST...`
with_hosts() {
  local host
  {
    sed '/^network_policies:/,$d' "$T/policies/main.yaml"
    echo "network_policies:"
    for host in "${@:2}"; do
      printf '  %s:\n    endpoints: [{host: %s, port: 443}]\n    binaries: [{path: /usr/bin/curl}]\n' "${host%%.*}" "$host"
    done
  } >"$T/$1.yaml"
}

@test "H2 a policy that is set holds for the next request, and says when it is in force" {
  start_agent
  with_hosts both allowed.test other.test
  run request other.test before
  expect nonzero 403
  run policy set "$FULL_ID" "$T/both.yaml" --reason "the job needs other.test"
  expect 0 "revision 2" "is in force" "generation 2" "0 connections closed"
  run request other.test after
  expect 0 "hello to GET /after"
  run request allowed.test after
  expect 0 "hello to GET /after"
  expect_audit '.class_uid == 5019 and .title == "policy changed" and .reason == "the job needs other.test" and
    .revision == "2" and .policy.generation == 2 and .author != ""' "$FULL_ID"
  expect_audit '.dst.host == "other.test" and .verdict == "deny" and .policy.generation == 1' "$FULL_ID"
  expect_audit '.dst.host == "other.test" and .verdict == "allow" and .policy.generation == 2' "$FULL_ID"
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
}

@test "H2 a tunnel that the new policy does not allow is closed, one that it allows goes on" {
  start_agent
  with_hosts both allowed.test other.test
  with_hosts first allowed.test
  policy set "$FULL_ID" "$T/both.yaml"
  docker exec "$ID" curl -sS -m 30 -o /dev/null -w '%{size_download}' https://other.test/drip/9 >"$T/revoked" 2>&1 3>&- &
  local revoked=$!
  docker exec "$ID" curl -sS -m 30 -o /dev/null -w '%{size_download}' https://allowed.test/drip/4 >"$T/kept" 2>&1 3>&- &
  local kept=$!
  wait_until 10 eval '[ "$(origin_saw "/drip/[49]")" -eq 2 ]'
  run policy set "$FULL_ID" "$T/first.yaml" --dry-run
  expect 0 "would be in force" "1 connections would be closed" "other.test"
  run policy set "$FULL_ID" "$T/first.yaml"
  expect 0 "1 connections closed"
  run wait "$revoked"
  [ "$status" -ne 0 ]
  wait "$kept"
  [ "$(cat "$T/kept")" = 40 ]
  expect_audit '.activity_id == 2 and .dst.host == "other.test" and (.reason | contains("does not allow it"))' "$FULL_ID"
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
}

@test "H1 an invalid policy changes nothing and says why, with the line" {
  start_agent
  local text
  while IFS= read -r text; do
    printf '%b' "$text" >"$T/bad.yaml"
    run policy set "$FULL_ID" "$T/bad.yaml"
    expect 1
    [[ $output == *"bad.yaml:"* ]] || fail "no place for: $text" "$output"
  done <<'EOF'
version: 1\nnetwork_policies: [\n
version: 1\nnetwok_policies: {}\n
version: 1\nversion: 1\n
version: 1\nnetwork_policies: &a [*a, *a]\n
version: 1\ndescription: !!python/object:os.system x\n
EOF
  run "$CTL" policy check "$T/bad.yaml"
  expect 1
  [ "$(generation)" = 1 ]
  run policy history "$FULL_ID"
  expect 0 "* 1"
  run request allowed.test still
  expect 0 "hello to GET /still"
}

@test "a policy that changes what only a new container can have is refused, with section and line" {
  start_agent
  sed 's#/sandbox, /tmp#/sandbox, /tmp, /var#' "$T/policies/main.yaml" >"$T/static.yaml"
  printf 'process:\n  max_processes: 7\n' >>"$T/static.yaml"
  run policy set "$FULL_ID" "$T/static.yaml"
  expect 1 "filesystem_policy (line 2)" "process (line 1" "create the container anew"
  [ "$(generation)" = 1 ]
  expect_audit '.class_uid == 5019 and .title == "policy refused"' "$FULL_ID"
  [ ! -e "$STATE/current" ]
}

@test "history, get and rollback: who, when, why; a rollback is a revision of its own" {
  start_agent
  with_hosts both allowed.test other.test
  SUDO_USER=alice policy set "$FULL_ID" "$T/both.yaml" --reason "ticket 7"
  SUDO_USER=bob run policy rollback "$FULL_ID" 1
  expect 0 "revision 3" "generation 3"
  run request other.test gone
  expect nonzero 403
  run policy history "$FULL_ID"
  expect 0 alice "ticket 7" bob "rollback to revision 1" "* 3"
  run policy history "$FULL_ID" --format json
  expect 0
  [ "$(jq length <<<"$output")" -eq 3 ]
  [ "$(jq -r '.[1].digest' <<<"$output")" = "sha256:$(sha256sum "$T/both.yaml" | cut -d' ' -f1)" ]
  [ "$(policy get "$FULL_ID" --revision 2)" = "$(cat "$T/both.yaml")" ]
  [ "$(policy get "$FULL_ID")" = "$(cat "$T/policies/main.yaml")" ]
  run policy rollback "$FULL_ID" 9
  expect 2 "no revision"
}

@test "the policy outlives a crash of the worker and a restart of the container, and goes with it" {
  start_agent
  with_hosts both allowed.test other.test
  policy set "$FULL_ID" "$T/both.yaml"
  kill -9 "$(jq .worker "$T/sb/$FULL_ID/worker.json")"
  run request other.test crashed
  expect 0 "hello to GET /crashed"
  [ "$(generation)" = 2 ]
  docker restart -t 1 "$ID" >/dev/null
  run request other.test restarted
  expect 0 "hello to GET /restarted"
  run policy history "$FULL_ID"
  expect 0 "* 2"
  docker rm -f "$ID" >/dev/null
  ID=r$BATS_TEST_NUMBER-next
  local old=$STATE
  start_agent
  run policy history "$FULL_ID"
  expect 0 "* 1"
  [ ! -e "$old" ]
}

@test "H13 reloads under load: every request is answered by one of the two policies" {
  start_agent
  with_hosts both allowed.test other.test
  with_hosts first allowed.test
  docker exec "$ID" sh -c 'for i in $(seq 60); do curl -sS -m 20 -o /dev/null -w "%{http_code} %{http_connect}\n" https://allowed.test/load; curl -sS -m 20 -o /dev/null -w "%{http_code} %{http_connect}\n" https://other.test/load; done' \
    >"$T/load" 2>/dev/null 3>&- &
  local client=$! times=0
  while kill -0 "$client" 2>/dev/null && [ "$times" -lt 200 ]; do
    policy set "$FULL_ID" "$T/both.yaml" >/dev/null
    policy set "$FULL_ID" "$T/first.yaml" >/dev/null
    times=$((times + 1))
  done
  wait "$client" || true
  [ "$times" -gt 5 ]
  [ "$(wc -l <"$T/load")" -eq 120 ]
  # Odd lines are requests that both policies allow.
  [ "$(sed -n 'p;n' "$T/load" | sort -u)" = "200 200" ] || fail "$(sort "$T/load" | uniq -c)"
  # A tunnel that was closed in the middle shows as 000, with 200 for its CONNECT.
  [ -z "$(grep -vE '^(200 200|000 403|000 200)$' "$T/load")" ] || fail "$(sort "$T/load" | uniq -c)"
  [ "$(generation)" -eq $((2 * times + 1)) ]
  run policy history "$FULL_ID" --format json
  [ "$(jq length <<<"$output")" -eq $((2 * times + 1)) ]
  expect_chain "$T/log/$FULL_ID/audit.jsonl"
}

@test "H6 the control socket cannot be reached from the sandbox, and not by another user" {
  start_agent
  run docker exec "$ID" sh -c "ls -d $T/sb /run/nemoclaw/sandboxes"
  expect nonzero
  run setpriv --reuid 65534 --clear-groups "$CTL" policy set "$FULL_ID" "$T/policies/main.yaml" --config "$T/config.yaml"
  expect nonzero
  [ "$(generation)" = 1 ]
}

@test "a preset goes into the policy in force and out of it again, and the rest of its text stays" {
  start_agent
  printf '# ours\n' | cat - "$T/policies/main.yaml" >"$T/commented.yaml"
  policy set "$FULL_ID" "$T/commented.yaml"
  cat >"$T/other.yaml" <<'EOF'
preset: {name: other, description: one more host}
network_policies:
  other:
    # as the vendor documents it
    endpoints: [{host: other.test, port: 443}]
    binaries: [{path: /usr/bin/curl}]
EOF
  run policy add-preset "$FULL_ID" "$T/other.yaml" --dry-run
  expect 0 "would be in force" "other.test"
  run request other.test before
  expect nonzero 403
  run policy add-preset "$FULL_ID" "$T/other.yaml"
  expect 0 "revision 3" "is in force"
  run request other.test with
  expect 0 "hello to GET /with"
  run policy get "$FULL_ID"
  expect 0 "# ours" '# from preset "other"' "# as the vendor documents it"
  run policy add-preset "$FULL_ID" "$T/other.yaml"
  expect 0 "nothing to change"
  run policy history "$FULL_ID"
  expect 0 "added 'other'"
  run policy remove-preset "$FULL_ID" "$T/other.yaml" --reason "done"
  expect 0 "revision 4" "is in force"
  run request other.test after
  expect nonzero 403
  [ "$(policy get "$FULL_ID" | grep -c .)" -eq "$(grep -c . "$T/commented.yaml")" ] || fail "$(policy get "$FULL_ID")"
}
