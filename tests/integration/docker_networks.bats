#!/usr/bin/env bats
# Networks that the user makes: Docker's own resolver inside the fence, and networks that come after the start.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

# The suite's bridge becomes a user-defined network, so that the origin is on it; Docker's default bridge is off.
eval "$(declare -f write_daemon_json | sed '1s/write_daemon_json/write_common_daemon_json/')"
write_daemon_json() {
  write_common_daemon_json
  jq '.bridge = "none" | del(.["fixed-cidr"])' "$T/daemon.json" >"$T/daemon.json.new"
  mv "$T/daemon.json.new" "$T/daemon.json"
}

setup_file() {
  start_docker_suite
  [ -e "$T/no-docker" ] || make_networks
}

make_networks() {
  docker network create --subnet "$SUBNET.0/24" --ip-range "$SUBNET.64/27" --gateway "$SUBNET.1" \
    -o com.docker.network.bridge.name="$BRIDGE" outer >/dev/null
  docker network create --subnet 10.214.77.0/24 second >/dev/null
}

setup() { need_docker; }

write_names_policy() {
  sed '/^network_policies/,$d' "$T/policies/main.yaml" >"$T/policies/current.yaml"
  cat >>"$T/policies/current.yaml" <<'END'
network_policies:
  names:
    endpoints: [{host: peer, port: 8080}, {host: external.test, port: 80}, {host: absent.test, port: 80}]
    binaries: [{path: /usr/bin/curl}]
END
}

start_peer() {
  docker run -d --name peer --runtime none --network outer agent \
    sh -c 'mkdir /tmp/www && echo peer says hello >/tmp/www/index.html && httpd -f -p 8080 -h /tmp/www' >/dev/null
}

user_run() {  # [OPTIONS] -- COMMAND...
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  rm -f "$T/cid"
  docker run --cidfile "$T/cid" --rm --network outer "${options[@]}" agent "$@"
}

@test "a container's name resolves on a user-defined network if the policy names it" {
  start_peer
  write_names_policy
  run user_run --runtime none -- curl -sS -m 10 http://peer:8080/
  expect 0 "peer says hello"
  need_ours
  run user_run --runtime current -- curl -sS -m 20 http://peer:8080/
  expect 0 "peer says hello"
  expect_audit '.verdict == "allow" and .dst.host == "peer"'
  run user_run --runtime main -- curl -sS -m 20 http://peer:8080/
  expect 0 policy_denied
}

@test "an external name resolves on a user-defined network by the server of --dns" {
  write_names_policy
  run user_run --runtime none --dns "$ORIGIN_IP" -- curl -sS -m 10 http://external.test/by-docker
  expect 0 "hello to GET /by-docker"
  need_ours
  run user_run --runtime current --dns "$ORIGIN_IP" -- curl -sS -m 20 http://external.test/by-proxy
  expect 0 "hello to GET /by-proxy"
  [ "$(origin_saw '^dns external.test')" -ge 1 ]
}

@test "nothing in the container can ask Docker's resolver or the server behind it" {
  need_ours
  write_names_policy
  run user_run --runtime current --dns "$ORIGIN_IP" -- \
    sh -c "probe-udp_send 127.0.0.11 53; echo docker: \$?; probe-udp_send $ORIGIN_IP 53; echo server: \$?
      timeout 5 nslookup stolen-1.test 127.0.0.11; timeout 5 nslookup stolen-2.test $ORIGIN_IP
      curl -sS -m 20 http://stolen-3.test/"
  expect 0 "docker: 1" "server: 1" policy_denied
  expect_not "udp_send: ok" "Address: $ORIGIN_IP"
  [ "$(origin_saw '^dns stolen')" -eq 0 ] || fail "$(grep stolen "$T/origin.log")"
}

@test "docker network connect after the start stays fenced" {
  need_ours
  write_names_policy
  docker run -d --name late --runtime current --network second agent sleep 300 >/dev/null
  docker network connect outer late
  run docker exec late probe-udp_send "$ORIGIN_IP" 9999
  expect 1
  run docker exec late curl -sS -m 10 --noproxy '*' "http://$ORIGIN_IP/late"
  expect 0 policy_denied
  [ "$(origin_saw /late)" -eq 0 ]
  docker network disconnect second late
  run docker exec late probe-udp_send "$ORIGIN_IP" 9999
  expect 1
}

@test "a container leaves nothing when its proxy was killed: restart, stop, rm" {
  need_ours
  write_names_policy
  start_peer
  local id
  docker run -d --name orphan --runtime current --network outer agent sleep 300 >/dev/null
  id=$(docker inspect -f '{{.Id}}' orphan)
  kill -9 "$(jq .pid "$T/sb/$id/proxy.json")"
  run docker exec orphan curl -sS -m 5 http://peer:8080/
  expect nonzero
  docker restart -t 1 orphan
  run docker exec orphan curl -sS -m 20 http://peer:8080/
  expect 0 "peer says hello"
  kill -9 "$(jq .pid "$T/sb/$id/proxy.json")"
  docker stop -t 1 orphan
  docker rm orphan
  docker rm -f peer
  expect_nothing_left "$T/exec/runtime-runc/moby"
}
