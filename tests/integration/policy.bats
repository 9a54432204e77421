#!/usr/bin/env bats
# nemoclawctl: what an operator asks about policies and sandboxes, and what policies do at create.

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
  add_namespace "$NAME-agent" "$SUBNET.3" "nca${SUBNET##*.}"
  build_image_tree "$T/image"
  printf '127.0.0.1 localhost\n%s allowed.test other.test\n' "$ORIGIN_IP" >"$T/image/etc/hosts"
}

teardown_file() {
  kill_ours
  stop_network
  remove_private_directory
}

setup() {
  need_ours
  load_runtime_options
  ID=p$BATS_TEST_NUMBER
}

teardown() { remove_containers; }

ctl() { "$CTL" "$@"; }

# A bundle inside the agent's network namespace.
make_agent_bundle() {
  make_bundle ".linux.namespaces |= map(if .type == \"network\" then .path = \"/run/netns/$NAME-agent\" else . end)" "$@"
}

start_agent() {
  make_agent_bundle
  command_line sleep 300
  rt_policy "$T/policies/main.yaml" run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
}

# ---- policy check, explain, list ----------------------------------------------------------------------------------

@test "policy check accepts what is right" {
  run ctl policy check "$T/policies/main.yaml"
  expect 0
  run ctl policy check "$REPO"/policy/presets/*.yaml
  expect 0
}

@test "policy check reports all errors at once, with line, column, caret and the nearest key" {
  cat >"$T/wrong.yaml" <<'EOF'
version: 1
filesystem_polcy:
  read_only: [/usr]
process:
  run_as_user: root
network_policies:
  bad:
    endpoints:
      - {host: "*.com", port: 443}
      - {host: api.test, port: 70000}
    binaries: []
EOF
  run ctl policy check "$T/wrong.yaml"
  expect 1 "wrong.yaml:2:1" "filesystem_policy" "wrong.yaml:5:" "wrong.yaml:9:" "wrong.yaml:10:" "wrong.yaml:11:" "^"
  run ctl policy check --format json "$T/wrong.yaml"
  expect 1
  jq -e '[.. | objects | select(has("line"))] | length >= 5' <<<"$output" >/dev/null || fail "$output"
}

@test "policy check of a file that cannot be read is 2" {
  run ctl policy check "$T/no-such-file.yaml"
  expect 2 no-such-file.yaml
}

@test "policy explain says what kernel and proxy will be told" {
  run ctl policy explain "$T/policies/main.yaml"
  expect 0 /sandbox /usr/bin/curl allowed.test 443
  run ctl policy explain --format json "$T/policies/main.yaml"
  expect 0
  jq -e . <<<"$output" >/dev/null || fail "$output"
}

@test "policy explain --bundle judges the real config.json" {
  make_agent_bundle
  run ctl policy explain --bundle "$B" "$T/policies/main.yaml"
  expect 0 sandbox CAP_
}

@test "policy list shows installed policies and presets" {
  run ctl policy list --config "$T/config.yaml"
  expect 0 main default
  run ctl policy list --config "$T/config.yaml" --format json
  expect 0
  jq -e '[.. | objects | .name? // empty] | index("default") and index("main")' <<<"$output" >/dev/null || fail "$output"
}

@test "an unknown word is 2 and the nearest one is suggested" {
  run ctl polcy check
  expect 2 policy
}

# ---- sandboxes ----------------------------------------------------------------------------------------------------

@test "sandbox list and inspect show a running sandbox, and it goes when the container goes" {
  start_agent
  run ctl sandbox list --config "$T/config.yaml"
  expect 0 "$ID" main
  run ctl sandbox inspect "$ID" --config "$T/config.yaml" --format json
  expect 0
  jq -e '[.. | objects | select(.policy? != null)] | length >= 1' <<<"$output" >/dev/null || fail "$output"
  run ctl policy show "$ID" --config "$T/config.yaml"
  expect 0 '# policy: "main"' "# sandbox: \"$ID\"" allowed.test
  run ctl policy show --effective "$ID" --config "$T/config.yaml"
  expect 0 "bundle: $B" "connections that the proxy lets through" allowed.test
  rt delete --force "$ID"
  run ctl policy show "$ID" --config "$T/config.yaml"
  expect 2 "no sandbox '$ID'"
  run ctl sandbox list --config "$T/config.yaml"
  expect 0
  expect_not "$ID"
  run ctl sandbox inspect "$ID" --config "$T/config.yaml"
  expect nonzero "$ID"
}

@test "logs show the decisions, and logs -f shows the next one" {
  start_agent
  rt exec "$ID" curl -sS https://allowed.test/logged
  run ctl logs "$ID" --config "$T/config.yaml"
  expect 0 allowed.test /usr/bin/curl
  timeout 20 "$CTL" logs -f "$ID" --config "$T/config.yaml" >"$T/followed" 2>&1 3>&- &
  local follower=$!
  wait_until 10 grep -q allowed.test "$T/followed"
  run rt exec "$ID" curl -sS https://other.test/denied
  expect nonzero
  wait_until 10 grep -q other.test "$T/followed"
  kill "$follower"
}

@test "doctor says what this machine can do" {
  run ctl doctor --config "$T/config.yaml"
  expect_not "terminate called"
  [ "$status" -le 1 ]
  [[ $output == *[Ll]andlock* ]] || fail "$output"
  [[ $output == *seccomp* ]] || fail "$output"
  run ctl doctor --format json --config "$T/config.yaml"
  [ "$status" -le 1 ]
  jq -e . <<<"$output" >/dev/null || fail "$output"
}

# ---- what a policy does at create ---------------------------------------------------------------------------------

@test "state shows which protections hold" {
  start_agent
  run rt state "$ID"
  expect 0 landlock
}

@test "the policy named by an annotation applies, and a path in an annotation is refused" {
  make_agent_bundle '.annotations = {"ai.nemoclaw.policy": "main"}'
  command_line sh -c 'curl -sS https://allowed.test/by-annotation'
  run "$RUNTIME" --config "$T/config.yaml" --root "$T/root" run --bundle "$B" "$ID"
  expect 0 "hello to GET /by-annotation"
  configure ".annotations = {\"ai.nemoclaw.policy\": \"$T/policies/main.yaml\"}"
  run "$RUNTIME" --config "$T/config.yaml" --root "$T/root" run --bundle "$B" "$ID"
  expect 1 ai.nemoclaw.policy
  expect_nothing_left
}

@test "the command line beats the annotation" {
  make_agent_bundle '.annotations = {"ai.nemoclaw.policy": "no-such-one"}'
  command_line true
  run rt_policy "$T/policies/main.yaml" run --bundle "$B" "$ID"
  expect 0
}

# A configuration like the suite's own with more keys, which come on stdin.
write_bindings() { cat "$T/config.yaml" - >"$T/node.yaml"; }
rt_node() { "$RUNTIME" --config "$T/node.yaml" --root "$T/root" "$@"; }
# A pod's first container; the others join its sandbox.
in_pod() { # NAMESPACE JQ-FILTER
  make_agent_bundle ".annotations = {\"io.kubernetes.cri.container-type\": \"sandbox\",
    \"io.kubernetes.cri.sandbox-namespace\": \"$1\", \"io.kubernetes.cri.sandbox-name\": \"pod-1\"} $2"
}

@test "a binding of the node chooses by namespace and pod, before any annotation" {
  write_bindings <<'EOF'
bindings:
  - {namespace: prod, policy: no-such-one}
  - {namespace: "dev-*", image: "*", policy: no-such-one}
  - {namespace: "dev-*", pod: "pod-*", policy: main}
EOF
  in_pod dev-1 '+ {"ai.nemoclaw.policy": "default"}'
  command_line curl -sS https://allowed.test/by-binding
  run rt_node run --bundle "$B" "$ID"
  expect 0 "hello to GET /by-binding"
  run rt_node plan --bundle "$B"
  expect 0 "policy: main (binding"
  in_pod prod ''
  run rt_node create --bundle "$B" "$ID"
  expect 1 "node.yaml:" "no-such-one" "known are: "
  expect_nothing_left
}

@test "a pod chooses its policy only where the node lists it for the namespace, and forged facts are refused" {
  write_bindings <<'EOF'
annotations: {kubernetes: [{namespace: "dev-*", policies: [main]}]}
EOF
  in_pod dev-1 '+ {"ai.nemoclaw.policy": "main"}'
  run rt_node plan --bundle "$B"
  expect 0 "policy: main (annotation"
  in_pod other '+ {"ai.nemoclaw.policy": "main"}'
  run rt_node create --bundle "$B" "$ID"
  expect 1 "namespace 'other' may not choose 'main'"
  in_pod dev-1 '+ {"ai.nemoclaw.policy": "main", "io.kubernetes.pod.namespace": "other"}'
  run rt_node create --bundle "$B" "$ID"
  expect 1 forged
  expect_nothing_left
}

@test "a ceiling bounds every sandbox: network, files, capabilities and limits, and plan, state and explain say what was cut" {
  cat >"$T/policies/house.yaml" <<'EOF'
version: 1
filesystem_policy:
  include_workdir: false
  read_only: [/bin, /sbin, /usr, /lib, /lib64, /proc, /etc]
  read_write: [/tmp]
process: {max_processes: 100}
network_policies:
  house: {endpoints: [{host: allowed.test, port: 443}]}
EOF
  cat >"$T/policies/wide.yaml" <<'EOF'
version: 1
filesystem_policy:
  include_workdir: false
  read_only: [/bin, /sbin, /usr, /lib, /lib64, /proc, /etc]
  read_write: [/sandbox, /tmp]
network_policies:
  two: {endpoints: [{host: allowed.test, port: 443}, {host: other.test, port: 443}]}
EOF
  write_bindings <<<'ceiling: house'
  make_agent_bundle
  command_line sh -c 'curl -sS https://allowed.test/below-the-ceiling; curl -sS https://other.test/above; ulimit -u
    echo x >/tmp/f && echo tmp-writable; echo x >/sandbox/f || echo sandbox-refused'
  run rt_node --policy wide run --bundle "$B" "$ID"
  expect "$status" "hello to GET /below-the-ceiling" tmp-writable sandbox-refused 403
  expect_not "hello to GET /above"
  [[ $'\n'$output == *$'\n100\n'* ]] || fail "$output"
  run rt_node --policy wide plan --bundle "$B"
  expect 0 "ceiling: filesystem_policy: /sandbox: read and write becomes nothing" \
    "'two': other.test:443 is cut" "process.max_processes: 512 becomes 100"
  run ctl policy explain "$T/policies/wide.yaml" --config "$T/node.yaml"
  expect 0 "'two': other.test:443 is cut"
  command_line sleep 300
  rt_node --policy wide run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
  run rt_node state "$ID"
  expect 0 '"policy": "house"' "other.test:443 is cut"
}

@test "integrity is judged in the container's own mounts before its first instruction, and a mismatch names both hashes" {
  mkdir -p "$T/volume" "$T/image/srv/app" "$T/image/srv/data"
  echo right >"$T/volume/config.json"
  local right wrong
  right=$(sha256sum <"$T/volume/config.json" | cut -d' ' -f1)
  write_integrity() {
    write_current_policy <<EOF
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /srv]}
integrity:
  files: [{path: /srv/app/config.json, sha256: "$right"}]
  symlinks: [{directory: /srv/app, must_point_into: /srv/data}]
  read_only_mounts: [/srv/app]
EOF
  }
  write_integrity
  make_agent_bundle ".mounts += [{destination: \"/srv/app\", type: \"bind\", source: \"$T/volume\", options: [\"rbind\", \"rw\"]}]"
  command_line cat /srv/app/config.json
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect 0 right
  echo wrong >"$T/volume/config.json"
  wrong=$(sha256sum <"$T/volume/config.json" | cut -d' ' -f1)
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect 1 /srv/app/config.json "$right" "$wrong"
  expect_not "wrong$"
  echo right >"$T/volume/config.json"
  ln -s /etc/passwd "$T/volume/link"
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect 1 "'/srv/app/link' leads to '/etc/passwd'"
  expect_nothing_left
}

@test "a policy without a name on the command line is the default one" {
  make_agent_bundle
  command_line sh -c 'id -un; curl -sS https://allowed.test/by-default'
  run "$RUNTIME" --config "$T/config.yaml" --root "$T/root" run --bundle "$B" "$ID"
  expect nonzero sandbox 403
}

@test "run_as_user by name comes from the image's passwd, and root is refused" {
  write_current_policy <<'EOF'
version: 1
process: {run_as_user: nobody}
EOF
  make_agent_bundle
  command_line id -u
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect 0 65534
  echo 'version: 1
process: {run_as_user: no-such-user}' | write_current_policy
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect 1 no-such-user
}

@test "start_as_root with capabilities keeps those and no others" {
  write_current_policy <<'EOF'
version: 1
process: {start_as_root: true, capabilities: [CHOWN, SETUID, SETGID]}
EOF
  make_agent_bundle '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_SETUID", "CAP_NET_ADMIN"],
    permitted: ["CAP_CHOWN", "CAP_SETUID", "CAP_NET_ADMIN"], effective: ["CAP_CHOWN", "CAP_SETUID", "CAP_NET_ADMIN"]}'
  command_line probe-caps
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  # CHOWN and SETUID; not SETGID, which the manager did not give: a policy only narrows.
  expect 0 $'Uid:\t0' $'CapBnd:\t0000000000000081' $'CapEff:\t0000000000000081'
}

@test "no_access hides a path below a readable one" {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /lib, /lib64, /usr, /etc], no_access: [/etc/secret]}
EOF
  make_agent_bundle
  command_line sh -c 'probe-open_read /etc/passwd; wc -c </etc/secret'
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect_not "not for agents"
  [[ $output == *"open_read: ok"* ]] || fail "$output"
  [[ $output == *0* ]] || [[ $output == *denied* ]] || fail "$output"
}

@test "execute restricts which programs may run" {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /lib, /lib64, /usr], execute: [/bin/busybox]}
EOF
  make_agent_bundle
  command_line sh -c 'echo shell-runs; curl --version'
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect nonzero shell-runs "ermission denied"
}

@test "max_processes limits what a fork bomb can do" {
  write_current_policy <<'EOF'
version: 1
process: {max_processes: 12}
EOF
  make_agent_bundle
  # shellcheck disable=SC2016
  command_line sh -c 'for i in $(seq 40); do sleep 1 & done; wait'
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  [[ $output == *"can't fork"* ]] || fail "$output"
}

@test "a read-only directory below a writable one cannot be written" {
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/bin, /lib, /lib64, /usr, /tmp/fixed], read_write: [/tmp]}
EOF
  mkdir -p "$T/image/tmp/fixed"
  chmod 0777 "$T/image/tmp/fixed"
  make_agent_bundle
  command_line sh -c 'touch /tmp/free && echo free-ok; touch /tmp/fixed/no'
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  rm -rf "$T/image/tmp/fixed" "$T/image/tmp/free"
  expect nonzero free-ok
}

@test "a container whose integrity differs leaves nothing behind" {
  write_current_policy <<'EOF'
version: 1
integrity:
  files: [{path: /etc/secret, sha256: "0000000000000000000000000000000000000000000000000000000000000000"}]
EOF
  make_agent_bundle
  command_line true
  run rt_policy "$T/policies/current.yaml" run --bundle "$B" "$ID"
  expect 1 integrity
  expect_nothing_left
}
