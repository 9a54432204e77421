#!/usr/bin/env bats
# The claims of the README about what a container cannot do, in the same words.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/network
load ../lib/docker
load ../lib/bundle
load ../lib/leaks
load ../lib/policies

setup_file() {
  make_private_directory
  write_policies
  start_network
  start_docker
  import_image
  [ -d "$T/image" ] || build_image_tree "$T/image"
}

teardown_file() {
  stop_docker
  stop_network
  remove_private_directory
}

setup() {
  load_runtime_options
  ID=s$BATS_TEST_NUMBER
}

teardown() {
  remove_containers
  [ -e "$T/no-docker" ] || docker ps -aq | while read -r id; do docker rm -f "$id" >/dev/null; done
}

start_agent() {
  docker run -d --name "$ID" --add-host "allowed.test:$ORIGIN_IP" agent sleep 300 >/dev/null
  FULL_ID=$(docker inspect -f '{{.Id}}' "$ID")
}

proxy_pids() {
  proxies_of_suite | awk -v id="$FULL_ID" '$0 ~ "nemoclaw-proxy" && $0 ~ id {print $1}'
}

@test "no proxy means no egress: when the proxy is killed nothing gets out" {
  need_ours
  need_docker
  start_agent
  run docker exec "$ID" curl -sS https://allowed.test/before
  expect 0 "hello to GET /before"
  # shellcheck disable=SC2046
  kill -9 $(proxy_pids)
  wait_until 5 eval '[ -z "$(proxy_pids)" ]'
  run docker exec "$ID" curl -sS -m 5 https://allowed.test/after
  expect nonzero
  run docker exec "$ID" curl -sS -m 5 --noproxy '*' https://allowed.test/after
  expect nonzero
  run docker exec "$ID" probe-udp_send "$ORIGIN_IP" 9999
  expect 1
  [ "$(origin_saw /after)" -eq 0 ]
}

@test "a killed container takes its proxy and its sandbox with it" {
  need_ours
  need_docker
  start_agent
  [ -n "$(proxy_pids)" ]
  docker rm -f "$ID"
  expect_nothing_left "$T/exec/runtime-runc/moby"
}

@test "the fence stands before the first byte of the image's code runs" {
  need_ours
  need_docker
  run agent_run --rm -- probe-tcp_connect "$ORIGIN_IP" 443
  expect 1
  [ "$(origin_saw "^tcp")" -eq "$(origin_saw "^tcp")" ]
  run agent_run --rm --cap-add NET_ADMIN --cap-add NET_RAW -- sh -c 'ip link set eth0 down; ip route del default; probe-setmark'
  expect 1 "setmark: EPERM"
}

@test "the container cannot change the fence" {
  need_ours
  need_docker
  run agent_run --rm --cap-add NET_ADMIN -- probe-other_sockets
  expect 1 "other_sockets: none"
}

@test "link-local and metadata addresses are refused even when a policy names them" {
  need_ours
  need_docker
  write_current_policy <<'EOF'
version: 1
network_policies:
  metadata:
    endpoints: [{host: metadata.test, port: 80}, {host: loop.test, port: 80}]
    binaries: [{path: /usr/bin/curl}]
EOF
  run agent_run --rm --runtime current --add-host metadata.test:169.254.169.254 -- curl -sS http://metadata.test/
  expect 0 ssrf_denied
  run agent_run --rm --runtime current --add-host loop.test:127.0.0.1 -- curl -sS http://loop.test/
  expect 0 ssrf_denied
  expect_audit '.verdict == "deny" and .code == "ssrf_denied" and .dst.host == "loop.test"'
}

@test "another name for the caller does not help: the proxy looks at the executable" {
  need_ours
  need_docker
  run agent_run --rm -- sh -c 'cp /usr/bin/fetch /tmp/curl && exec -a /usr/bin/curl /tmp/curl -sS https://allowed.test/renamed'
  expect nonzero
  [ "$(origin_saw /renamed)" -eq 0 ]
}

@test "a request that is smuggled in front of the tunnel is not forwarded" {
  need_ours
  need_docker
  run agent_run --rm -- sh -c "printf 'GET http://allowed.test/a HTTP/1.1\r\nHost: allowed.test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET http://allowed.test/smuggled HTTP/1.1\r\nHost: allowed.test\r\n\r\n' | nc 127.0.0.1 3128"
  expect_not "origin says hello"
  [ "$(origin_saw /smuggled)" -eq 0 ]
}

@test "the runtime binary on the host cannot be overwritten from a container" {
  make_bundle
  cp "$(readlink -f "$(command -v "$RUNTIME")")" "$T/runtime-copy"
  local before
  before=$(sha256sum "$T/runtime-copy" | cut -d' ' -f1)
  command_line probe-overwrite_runtime 6
  "$T/runtime-copy" "${RT_NONE[@]}" --root "$T/root" run --detach --bundle "$B" "$ID" </dev/null >"$T/overwrite.out" 2>&1 3>&-
  wait_until 5 grep -q watching "$T/overwrite.out"
  # /proc/self/exe as the program makes the runtime's exec execute itself inside the container.

  for _ in 1 2 3 4 5; do
    "$T/runtime-copy" "${RT_NONE[@]}" --root "$T/root" exec "$ID" /proc/self/exe --version </dev/null >/dev/null 2>&1 || true
  done
  wait_until 15 has_status "$ID" stopped
  run cat "$T/overwrite.out"
  expect_not ": ok"
  [ "$(sha256sum "$T/runtime-copy" | cut -d' ' -f1)" = "$before" ]
}

@test "no descriptor of the host reaches the container" {
  make_bundle
  command_line probe-open_fds
  run bash -c "exec 9</etc 11<'$T'; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" run --bundle "$B" "$ID"
  expect 1 "open_fds: none"
  command_line sleep 300
  ID=$ID-exec
  create
  rt start "$ID"
  run bash -c "exec 9</etc 11<'$T'; \"\$0\" \"\$@\"" "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" exec "$ID" probe-open_fds
  expect 1 "open_fds: none"
}

@test "a working directory in /proc/self/fd does not lead to the host" {
  make_bundle
  local fd
  for fd in 3 4 5 6 7 8 9 10; do
    configure ".process.cwd = \"/proc/self/fd/$fd\""
    command_line sh -c 'cat ../../../../../etc/hostname-of-the-host 2>/dev/null; ls ../../../../../tmp 2>/dev/null; pwd'
    run rt run --bundle "$B" "$ID-$fd"
    expect_not "$(basename "$T")"
  done
}

@test "a link in the image does not lead a mount or a device out of it" {
  rm -rf "$T/image-links" "$T/outside"
  mkdir -p "$T/outside"
  cp -a "$T/image" "$T/image-links"
  ln -s "$T/outside" "$T/image-links/escape"
  rm -rf "$T/image-links/srv"
  ln -s ../../../../../../../../../../.."$T/outside" "$T/image-links/srv"
  make_bundle ".root.path = \"$T/image-links\"" \
    '.mounts += [{destination: "/escape/mounted", type: "tmpfs", source: "none"}, {destination: "/srv/deep", type: "tmpfs", source: "none"}]' \
    '.linux.devices = [{path: "/escape/device", type: "c", major: 1, minor: 3}]'
  command_line true
  run rt run --bundle "$B" "$ID"
  [ -z "$(ls -A "$T/outside")" ] || fail "the host's directory holds: $(ls "$T/outside")"
  rm -rf "$T/image-links"
}

@test "a masked path that the image made a link does not mask or change the host" {
  rm -rf "$T/image-links"
  cp -a "$T/image" "$T/image-links"
  echo host-file >"$T/outside-file"
  ln -sf "$T/outside-file" "$T/image-links/etc/masked"
  make_bundle ".root.path = \"$T/image-links\"" '.linux.maskedPaths = ["/etc/masked"]'
  command_line cat /etc/masked
  run rt run --bundle "$B" "$ID"
  [ "$(cat "$T/outside-file")" = host-file ]
  expect_not host-file
  rm -rf "$T/image-links"
}

@test "a /proc that the image replaced is noticed" {
  rm -rf "$T/image-links"
  cp -a "$T/image" "$T/image-links"
  rmdir "$T/image-links/proc"
  ln -s /tmp "$T/image-links/proc"
  make_bundle ".root.path = \"$T/image-links\""
  command_line true
  run rt run --bundle "$B" "$ID"
  expect nonzero proc
  rm -rf "$T/image-links"
  expect_nothing_left
}

@test "an exec cannot get more than the first process, whatever --process asks for" {
  need_ours
  make_bundle
  command_line sleep 300
  rt_policy "$T/policies/main.yaml" run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
  jq '.process | .args = ["sh", "-c", "probe-caps; probe-mount /tmp; probe-open_read /etc/secret"] | .terminal = false |
    .user = {uid: 0, gid: 0} | .noNewPrivileges = false |
    .capabilities = {bounding: ["CAP_SYS_ADMIN"], permitted: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"]}' \
    "$B/config.json" >"$B/process.json"
  run rt exec --process "$B/process.json" "$ID"
  expect 1 $'CapBnd:\t0000000000000000' $'NoNewPrivs:\t1' $'Seccomp:\t2' "mount: EPERM" "open_read: EACCES"
  expect_not $'Uid:\t0'
}

@test "the control socket is for root on the host alone" {
  need_ours
  need_docker
  start_agent
  [ "$(stat -c '%a %u' "$T/sb/$FULL_ID/control.sock")" = "600 0" ] ||
    [ "$(stat -c '%a' "$T/sb/$FULL_ID")" = 700 ]
  [ "$(stat -c '%a' "$T/sb/$FULL_ID")" = 700 ]
}

@test "the proxy runs unprivileged: its own user, three capabilities, no new privileges, seccomp" {
  need_ours
  need_docker
  start_agent
  local pid confined=0
  # CAP_DAC_READ_SEARCH (2), CAP_NET_ADMIN (12), CAP_SYS_PTRACE (19)
  for pid in $(proxy_pids); do
    awk '/^CapBnd/{b=$2} /^CapEff/{e=$2} /^NoNewPrivs/{n=$2} /^Seccomp:/{s=$2} /^Uid/{u=$2}
      END{exit !(e ~ /^0*(0|81004|1004|80004|1000|80000|81000|4)$/ && n == 1 && s == 2 && u != 0)}' "/proc/$pid/status" &&
      confined=$((confined + 1))
  done
  [ "$confined" -ge 1 ] || fail "$(for pid in $(proxy_pids); do grep -E 'Cap|NoNew|Seccomp|Uid' "/proc/$pid/status"; done)"
}
