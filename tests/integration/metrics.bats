#!/usr/bin/env bats
# What the proxies count, for Prometheus.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

setup() {
  need_ours
  need_docker
  ID=m$BATS_TEST_NUMBER
}

ctl() { "$CTL" "$1" --config "$T/config.yaml" "${@:2}"; }
request() { docker exec "$ID" curl -sS -m 20 "https://$1/$2"; }
checked() { /usr/bin/python3 "$TESTS_LIB/check_metrics.py"; }

# value NAME LABELS... <CHECKED: the value of the one sample with all of these labels
value() {
  local lines name=$1 label
  lines=$(grep -F "$name{" || true)
  shift
  for label in "$@"; do lines=$(grep -F -- "$label" <<<"$lines" || true); done
  [ "$(wc -l <<<"$lines")" -eq 1 ] || fail "not one sample of $name with $*:" "$lines" || return 1
  echo "${lines##* }"
}

none_open() { [ "$(ctl metrics "$FULL_ID" | checked | value nemoclaw_connections)" -eq 0 ]; }

@test "decisions, names, latencies, bytes and memory of one sandbox" {
  start_agent
  request allowed.test one >/dev/null
  request allowed.test two >/dev/null
  run request other.test three
  expect nonzero 403
  docker exec "$ID" nslookup refused.test || true
  wait_until 10 none_open
  ctl metrics "$FULL_ID" | checked >"$T/checked"
  [ "$(value nemoclaw_decisions_total 'verdict="allowed"' 'entry="allowed_host"' 'via="connect"' <"$T/checked")" -eq 2 ]
  [ "$(value nemoclaw_decisions_total 'verdict="denied"' 'code="policy_denied"' 'via="connect"' <"$T/checked")" -eq 1 ]
  [ "$(value nemoclaw_connections_accepted_total <"$T/checked")" -ge 3 ]
  [ "$(value nemoclaw_connections <"$T/checked")" -eq 0 ]
  [ "$(value nemoclaw_step_seconds_count 'step="identity"' <"$T/checked")" -ge 3 ]
  [ "$(value nemoclaw_step_seconds_count 'step="dial"' <"$T/checked")" -eq 2 ]
  [ "$(value nemoclaw_bytes_total 'direction="in"' <"$T/checked")" -gt 1000 ]
  [ "$(value nemoclaw_policy_generation 'policy="main"' <"$T/checked")" -eq 1 ]
  [ "$(value nemoclaw_names_total 'result="refused"' <"$T/checked")" -ge 1 ]
  [ "$(value nemoclaw_proxy_resident_bytes <"$T/checked")" -gt 1000000 ]
  [ "$(value nemoclaw_proxy_open_fds <"$T/checked")" -gt 5 ]
  [ "$(value nemoclaw_audit_failures_total <"$T/checked")" -eq 0 ]
}

@test "any client of HTTP can ask the control socket, and metrics are no way to control" {
  start_agent
  curl -sS -m 10 -D "$T/head" --unix-socket "$SANDBOX/control.sock" http://sandbox/metrics | checked >"$T/checked"
  grep -qi '^content-type: text/plain; version=0.0.4' "$T/head"
  [ "$(value nemoclaw_proxy_info <"$T/checked")" -eq 1 ]
  run curl -sS -m 10 -o /dev/null -w '%{http_code}' --unix-socket "$SANDBOX/control.sock" http://sandbox/stop
  expect 0 404
  request allowed.test still-there >/dev/null
}

@test "one page for the node, with every sandbox and those that do not answer" {
  start_agent
  local first=$FULL_ID
  docker run -d --name "$ID-other" agent sleep 300 >/dev/null
  local second
  second=$(docker inspect -f '{{.Id}}' "$ID-other")
  local port=$((20000 + RANDOM % 20000))
  echo "metrics_listen: 127.0.0.1:$port" >>"$T/config.yaml"
  "$CTL" metrics --serve --config "$T/config.yaml" >"$T/serve.log" 2>&1 3>&- &
  local server=$!
  wait_until 10 curl -sS -m 5 -o "$T/page" "http://127.0.0.1:$port/metrics"
  checked <"$T/page" >"$T/checked"
  [ "$(value nemoclaw_up "$first" <"$T/checked")" -eq 1 ]
  [ "$(value nemoclaw_up "$second" <"$T/checked")" -eq 1 ]
  [ "$(value nemoclaw_proxy_info "$second" <"$T/checked")" -eq 1 ]
  # It needs root's name, and none of its rights.
  grep -q '^CapEff:[[:space:]]*0000000000000000$' "/proc/$server/status"
  grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$server/status"
  run curl -sS -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/"
  expect 0 404
  # A client that says nothing holds nobody up for long.
  exec 7<>"/dev/tcp/127.0.0.1/$port"
  kill -STOP "$(jq .pid "$T/sb/$second/proxy.json")" "$(jq .worker "$T/sb/$second/worker.json")"
  curl -sS -m 20 -o "$T/page" "http://127.0.0.1:$port/metrics"
  exec 7>&-
  kill -CONT "$(jq .pid "$T/sb/$second/proxy.json")" "$(jq .worker "$T/sb/$second/worker.json")"
  checked <"$T/page" >"$T/checked"
  [ "$(value nemoclaw_up "$second" <"$T/checked")" -eq 0 ]
  [ "$(value nemoclaw_up "$first" <"$T/checked")" -eq 1 ]
  kill "$server"
  run "$CTL" metrics --serve --listen localhost:1 --config "$T/config.yaml"
  expect 2 "--listen: expected ADDRESS:PORT"
  run "$CTL" metrics --serve "$first" --config "$T/config.yaml"
  expect 2 "none with --serve"
}
