#!/usr/bin/env bats
# nemoclaw-hook under runtimes that are not ours: Podman with a hooks.d directory, crun and runc, and runc by hand.

bats_require_minimum_version 1.5.0

load ../lib/env
load ../lib/network
load ../lib/docker
load ../lib/podman
load ../lib/image_archive
load ../lib/leaks
load ../lib/policies

setup_file() {
  make_private_directory
  command -v podman >/dev/null || { touch "$T/absent"; return 0; }
  write_policies
  start_network
  add_namespace "$NAME-agent" "$SUBNET.3" "nca${SUBNET##*.}"
  build_image_tree "$T/image"
  make_image_archive "$T/image" "$T/agent.tar" localhost/agent:latest
  start_podman
  # crun refuses hosts whose unified hierarchy has controllers beside the old ones: it runs in a mount namespace without it.
  printf '#!/bin/sh\nexec unshare -m sh -c '\''umount /sys/fs/cgroup/unified 2>/dev/null; exec %s "$@"'\'' crun "$@"\n' \
    "$(command -v crun)" >"$T/crun"
  printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v runc)" >"$T/runc-cli"
  chmod +x "$T/crun" "$T/runc-cli"
  # What packaging/hooks.d ships, with this build's program and this suite's configuration.
  mkdir "$T/hooks.d"
  local file
  for file in "$REPO"/packaging/hooks.d/*.json; do
    jq --arg hook "$BUILD/bin/nemoclaw-hook" --arg config "$T/config.yaml" \
      '.hook.path = $hook | .hook.args += ["--config", $config]' "$file" >"$T/hooks.d/$(basename "$file")"
  done
}

teardown_file() {
  [ -e "$T/absent" ] || plain crun rm -fa -t 0 >/dev/null 2>&1 || true
  kill_ours
  stop_network
  remove_suite_cgroups
  remove_private_directory
}

setup() {
  [ ! -e "$T/absent" ] || skip "podman is not installed"
  need_ours
  rm -f "$T/cid"
}

teardown() { [ -e "$T/absent" ] || plain crun rm -fa -t 0 >/dev/null; }

# podman with somebody else's runtime: `plain crun|runc-cli VERB...`
plain() {
  local runtime=$T/$1
  shift
  CONTAINERS_CONF=$T/containers.conf podman --root "$T/p/root" --runroot "$T/p/run" --tmpdir "$T/p/tmp" \
    --cgroup-manager cgroupfs --events-backend file --hooks-dir "$T/hooks.d" --runtime "$runtime" "$@"
}

# plain_agent RUNTIME [OPTIONS] -- COMMAND...
plain_agent() {
  local runtime=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  plain "$runtime" run --cidfile "$T/cid" --network "ns:/run/netns/$NAME-agent" --cgroup-parent "/$NAME" \
    --add-host "allowed.test:$ORIGIN_IP" --add-host "other.test:$ORIGIN_IP" -e https_proxy=http://127.0.0.1:3128 \
    --cap-drop NET_RAW "${options[@]}" localhost/agent "$@"
}

fenced() {
  local runtime=$1
  run plain_agent "$runtime" --annotation ai.nemoclaw.policy=main -- \
    sh -c 'curl -sS https://allowed.test/hook-'"$runtime"'; fetch -sS https://allowed.test/hook-no; curl -sS https://other.test/hook-no;
      curl -sS --noproxy "*" --connect-timeout 3 https://'"$ORIGIN_IP"'/hook-no; probe-udp_send '"$ORIGIN_IP"' 53'
  expect nonzero "hello to GET /hook-$runtime" 403
  [ "$(origin_saw /hook-no)" -eq 0 ]
  expect_audit '.verdict == "allow" and .actor.binary == "/usr/bin/curl" and .policy.name == "main"'
  expect_audit '.verdict == "deny" and .actor.binary == "/usr/bin/fetch"'
  plain crun rm -fa -t 0 >/dev/null
  expect_nothing_left
}

@test "podman with crun: fence, proxy and audit by the hook alone" { fenced crun; }

@test "podman with runc: fence, proxy and audit by the hook alone" { fenced runc-cli; }

@test "what the hook alone cannot enforce is said" {
  plain_agent crun -d --annotation ai.nemoclaw.policy=main -- sleep 300 >/dev/null
  run "$CTL" sandbox inspect "$(cat "$T/cid")" --config "$T/config.yaml"
  expect 0 "not enforced" filesystem_policy seccomp
  grep -q 'filesystem_policy' "$T/sb/$(cat "$T/cid")/hook.log"
  expect_audit '.class_uid == 2004 and .title == "protections missing" and (.message | contains("filesystem_policy"))'
}

@test "a container with a capability that moves the fence does not start" {
  run plain_agent runc-cli --annotation ai.nemoclaw.policy=main --cap-add NET_ADMIN -- true
  expect nonzero CAP_NET_ADMIN
  rm -f "$T/cid"
  run plain_agent crun --annotation ai.nemoclaw.policy=main --cap-add NET_ADMIN -- true
  expect nonzero hook
  rm -f "$T/cid"
  run plain_agent runc-cli --annotation ai.nemoclaw.policy=no-such-policy -- true
  expect nonzero no-such-policy
  plain crun rm -fa -t 0 >/dev/null
  expect_nothing_left
}

# The seccomp filters of some managers let everybody make user namespaces.
@test "a process cannot forge which program it is" {
  run plain_agent runc-cli --security-opt seccomp=unconfined --annotation ai.nemoclaw.policy=main -- \
    sh -c 'curl -sS https://allowed.test/genuine; probe-forge_exe /usr/bin/curl allowed.test:443'
  [[ $output != *"forge_exe: E"* ]] || skip "no user namespaces here"
  expect "$status" "hello to GET /genuine" "forge_exe: ok" "HTTP/1.1 403"
  expect_audit '.verdict == "deny" and (.reason | contains("user namespace of its own"))'
}

@test "the node's ceiling bounds what the hook alone enforces" {
  write_current_policy <<'EOF'
version: 1
network_policies:
  two:
    endpoints: [{host: allowed.test, port: 443}, {host: other.test, port: 443}]
    binaries: [{path: /usr/bin/curl}]
EOF
  cp "$T/config.yaml" "$T/config.kept"
  echo 'ceiling: main' >>"$T/config.yaml"
  run plain_agent runc-cli --annotation ai.nemoclaw.policy=current -- \
    sh -c 'curl -sS https://allowed.test/below; curl -sS https://other.test/above'
  mv "$T/config.kept" "$T/config.yaml"
  expect nonzero "hello to GET /below" 403
  expect_not "hello to GET /above"
  [ "$(origin_saw /above)" -eq 0 ]
}

@test "a container without the annotation is left alone" {
  run plain_agent crun -- sh -c 'curl -sS --noproxy "*" --connect-timeout 5 https://allowed.test/free'
  expect 0 "hello to GET /free"
  [ ! -e "$T/sb/$(cat "$T/cid")" ]
}

@test "runc by hand, with the hook in config.json" {
  mkdir -p "$T/bundle"
  (cd "$T/bundle" && runc spec)
  jq --arg hook "$BUILD/bin/nemoclaw-hook" --arg config "$T/config.yaml" --arg cgroup "/$NAME/hand" --arg image "$T/image" \
    --arg net "/run/netns/$NAME-agent" \
    '.process.terminal = false | .process.args = ["sh", "-c", "curl -sS https://allowed.test/by-hand; fetch -sS https://allowed.test/hand-no"]
     | .process.env += ["https_proxy=http://127.0.0.1:3128"] | .root = {path: $image, readonly: false} | .linux.cgroupsPath = $cgroup
     | (.linux.namespaces[] | select(.type == "network")).path = $net | .annotations = {"ai.nemoclaw.policy": "main"}
     | .hooks = {createRuntime: [{path: $hook, args: ["nemoclaw-hook", "attach", "--config", $config]}],
                 poststop: [{path: $hook, args: ["nemoclaw-hook", "detach", "--config", $config]}]}' \
    "$T/bundle/config.json" >"$T/bundle/new.json"
  mv "$T/bundle/new.json" "$T/bundle/config.json"
  printf '127.0.0.1 localhost\n%s allowed.test\n' "$ORIGIN_IP" >"$T/image/etc/hosts"
  run runc --root "$T/runc" run --bundle "$T/bundle" "hand-$NAME"
  expect nonzero "hello to GET /by-hand" 403
  [ "$(origin_saw /hand-no)" -eq 0 ]
  expect_audit '.verdict == "allow"' "hand-$NAME"
  expect_nothing_left
}
