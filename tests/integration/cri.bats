#!/usr/bin/env bats
# Pods, as a kubelet makes them: containerd's CRI plugin with our program as the handler `nemoclaw`.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/network
load ../lib/docker
load ../lib/containerd
load ../lib/cri
load ../lib/image_archive
load ../lib/leaks
load ../lib/policies

setup_file() {
  make_private_directory
  command -v containerd >/dev/null || { touch "$T/absent"; return 0; }
  /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || { touch "$T/absent"; return 0; }
  write_policies
  # The same destination, another program: who is who must show in the answer. And a port that may be reached.
  sed 's,/usr/bin/curl,/usr/bin/fetch,' "$T/policies/main.yaml" >"$T/policies/second.yaml"
  printf 'inbound:\n  - {port: 8080, protocol: tcp}\n' >>"$T/policies/second.yaml"
  sed 's,allowed_host:,other_host:,; s,allowed.test,other.test,' "$T/policies/main.yaml" >"$T/policies/other.yaml"
  cat >>"$T/config.yaml" <<EOF
bindings:
  - {container: first, policy: main}
  - {container: second, policy: second}
  - {container: other, policy: other}
  - {container: broken, policy: no-such-policy}
EOF
  start_network
  build_image_tree "$T/image"
  make_image_archive "$T/image" "$T/agent.tar" docker.io/library/agent:latest
  start_cri
}

teardown_file() {
  stop_cri
  stop_network
  remove_private_directory
}

setup() {
  [ ! -e "$T/absent" ] || skip "containerd, python3-grpcio or python3-protobuf is not installed"
  need_ours
}

teardown() {
  [ -e "$T/absent" ] || remove_pods
}

curl_in() { cri exec "$1" "$2" -sS --max-time 10 "https://$3/$4"; }

@test "a pod with one container: an allowed request works, another is refused, the audit names the container" {
  pod one
  container first one sleep 300
  run curl_in "$CONTAINER" curl allowed.test pod-one
  expect 0 "hello to GET /pod-one"
  run curl_in "$CONTAINER" fetch allowed.test pod-one-no
  expect nonzero 403
  run curl_in "$CONTAINER" curl other.test pod-one-no
  expect nonzero 403
  [ "$(origin_saw /pod-one-no)" -eq 0 ]
  expect_audit '.verdict == "allow" and .container == "'"$CONTAINER"'" and .sandbox == "'"$POD"'" and .policy.name == "main"' "$POD"
  expect_audit '.verdict == "deny" and .container == "'"$CONTAINER"'" and .actor.binary == "/usr/bin/fetch"' "$POD"
  remove_pods
  expect_nothing_left
}

@test "two containers of a pod have each their own policy" {
  local first second
  pod two
  container first two sleep 300 && first=$CONTAINER
  container second two sleep 300 && second=$CONTAINER
  curl_in "$first" curl allowed.test by-first
  curl_in "$second" fetch allowed.test by-second
  run curl_in "$first" fetch allowed.test no-first
  expect nonzero 403
  run curl_in "$second" curl allowed.test no-second
  expect nonzero 403
  [ "$(origin_saw /no-)" -eq 0 ]
  expect_audit '.verdict == "allow" and .container == "'"$first"'" and .policy.name == "main"' "$POD"
  expect_audit '.verdict == "allow" and .container == "'"$second"'" and .policy.name == "second"' "$POD"
  expect_audit '.verdict == "deny" and .container == "'"$second"'" and .actor.binary == "/usr/bin/curl"' "$POD"
  run "$CTL" sandbox inspect --config "$T/config.yaml" "$POD"
  expect 0 "$first" "$second" second
}

@test "the end of one container leaves the pod's proxy, the end of the pod takes it" {
  local first other
  pod life
  container first life sleep 300 && first=$CONTAINER
  container other life sleep 300 && other=$CONTAINER
  cri stop "$first"
  cri remove "$first"
  [ ! -e "$T/sb/$POD/containers/$first" ]
  run curl_in "$other" curl other.test after-first
  expect 0 "hello to GET /after-first"
  container first life sleep 300
  run curl_in "$CONTAINER" curl allowed.test again
  expect 0 "hello to GET /again"
  remove_pods
  expect_nothing_left
}

@test "a container whose policy cannot be had does not start, and leaves nothing in the pod" {
  pod broken
  run container broken broken sleep 300
  expect nonzero no-such-policy
  container first broken sleep 300
  [ "$(ls "$T/sb/$POD/containers")" = "$CONTAINER" ]
}

@test "a container that joins while the pod's proxy is gone does not start" {
  local first
  pod gone
  container first gone sleep 300 && first=$CONTAINER
  proxies_of_suite | awk '/nemoclaw-proxy/{print $1}' | xargs kill -9
  wait_until 10 no_proxy
  run container other gone sleep 300
  expect nonzero proxy
  run curl_in "$first" curl allowed.test dead
  expect nonzero
  [ "$(origin_saw /dead)" -eq 0 ]
}

no_proxy() { ! proxies_of_suite | grep -q nemoclaw-proxy; }

@test "exec has the container's policy, and the pod's other container cannot lend its own" {
  local first
  pod exec
  container first exec sleep 300 && first=$CONTAINER
  container other exec sh -c 'curl -sS --max-time 10 https://allowed.test/lent; sleep 300'
  run cri exec "$first" id -u
  expect 0 10001
  run curl_in "$first" curl other.test lent
  expect nonzero 403
  wait_until 10 grep -q 'container":"'"$CONTAINER"'.*allowed.test' "$T/log/$POD/audit.jsonl"
  [ "$(origin_saw /lent)" -eq 0 ]
}

@test "a pod of another runtime is not joined" {
  HANDLER=runc pod foreign
  # The handler belongs to the pod, so containerd cannot mix them; a bundle can.
  local pause
  pause=$(ctr --address "$T/c/s" --namespace k8s.io task ls | awk -v id="$POD" '$1 == id {print $2}')
  mkdir -p "$T/foreign"
  ln -sfn "$T/image" "$T/foreign/rootfs"
  (cd "$T/foreign" && "$RUNTIME" spec)
  jq --arg net "/proc/$pause/ns/net" '.process.terminal = false | (.linux.namespaces[] | select(.type == "network")).path = $net |
    .annotations = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "first",
      "io.kubernetes.cri.sandbox-namespace": "default", "io.kubernetes.cri.sandbox-name": "foreign"}' \
    "$T/foreign/config.json" >"$T/foreign/new.json"
  mv "$T/foreign/new.json" "$T/foreign/config.json"
  run "$RUNTIME" --config "$T/config.yaml" --root "$T/root" run --bundle "$T/foreign" stranger
  expect nonzero "default/foreign"
  remove_pods
  expect_nothing_left
}

@test "what a policy opens is reached from other pods, what it does not is closed, and the node's probes come through" {
  local server address
  pod server
  address=$(cri address "$POD")
  container second server httpd -f -p 8080 && server=$CONTAINER
  cri exec "$server" sh -c 'httpd -p 9090 || true'
  wait_until 10 curl -s --max-time 2 -o "$T/probe" "http://$address:8080/"
  run ip netns exec "$ORIGIN_NETNS" curl -sS -o "$T/probe" --max-time 3 "http://$address:8080/"
  expect 0
  run ip netns exec "$ORIGIN_NETNS" curl -sS --max-time 2 "http://$address:9090/"
  expect nonzero
  run curl -sS -o "$T/probe" --max-time 3 "http://$address:9090/"
  expect 0
  cri stop "$server"
  ! grep -q 'dport 8080' "$T/sb/$POD/fence.nft"
}

@test "another policy for one container of a pod leaves the others theirs" {
  local first second
  pod reload
  container first reload sleep 300 && first=$CONTAINER
  container second reload sleep 300 && second=$CONTAINER
  sed 's,allowed.test,other.test,' "$T/policies/main.yaml" >"$T/changed.yaml"
  run "$CTL" policy set "$POD" "$T/changed.yaml" --container "$first" --config "$T/config.yaml" --reason "a test"
  expect 0 "is in force"
  run curl_in "$first" curl other.test changed
  expect 0 "hello to GET /changed"
  run curl_in "$first" curl allowed.test changed-no
  expect nonzero 403
  run curl_in "$second" fetch allowed.test as-before
  expect 0 "hello to GET /as-before"
  run curl_in "$second" fetch other.test changed-no
  expect nonzero 403
  [ "$(origin_saw /changed-no)" -eq 0 ]
  jq -es 'any(.[]; .class_uid == 5019 and .container == "'"$first"'")' "$T/log/$POD/audit.jsonl" >/dev/null
}

@test "a pod's containers are still told apart after a crash of the proxy's worker" {
  local first
  pod crash
  container first crash sleep 300 && first=$CONTAINER
  container other crash sleep 300
  pkill_workers
  wait_until 10 curl_in "$CONTAINER" curl other.test after-crash
  curl_in "$first" curl allowed.test after-crash
  run curl_in "$first" curl other.test crash-no
  expect nonzero 403
}

# The workers of this suite alone, by their ids.
pkill_workers() { proxies_of_suite | awk '/nemoclaw-proxy-worker/{print $1}' | xargs kill -9; }

@test "ten pods at once, and nothing stays" {
  local i
  for i in $(seq 10); do (pod "many$i" && container first "many$i" sleep 300) >"$T/many$i.out" 2>&1 & done
  wait
  for i in $(seq 10); do [ ! -s "$T/many$i.out" ] || fail "$(cat "$T/many$i.out")"; done
  remove_pods
  expect_nothing_left
}
