#!/usr/bin/env bats
# What takes all capabilities of the host, or a security module of its kernel.

load ../../lib/oci

@test "privileges: limits above the caller's own and an OOM score below it, for exec, too" {
  (ulimit -Hn 65536 && ulimit -Hn 131072) 2>/dev/null || skip "no CAP_SYS_RESOURCE here; tests/vm runs this"
  local limits='[{type: "RLIMIT_NOFILE", soft: 600000, hard: 700000}, {type: "RLIMIT_MEMLOCK", soft: 1073741824, hard: 1073741824},
    {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
  make_bundle ".process.rlimits = $limits" '.process.oomScoreAdj = -500' \
    '.process.capabilities |= map_values(map(select(. != "CAP_SYS_RESOURCE")))'
  command_line sleep 300
  (ulimit -Sn 1000 && ulimit -Hn 2000 && create) || fail "$(container_output)"
  rt start "$ID"
  run rt exec "$ID" sh -c 'ulimit -Sn; ulimit -Hn; ulimit -l; ulimit -c; cat /proc/self/oom_score_adj; ulimit -Hn 800000 || echo no more'
  expect 0 "no more"
  [ "${lines[*]:0:5}" = "600000 700000 1048576 0 -500" ] || fail "$output"
  [ "$(cat "/proc/$(rt state "$ID" | jq .pid)/oom_score_adj")" = -500 ]
}

@test "privileges: a profile of AppArmor's confines the process and exec" {
  [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || skip "this kernel has no AppArmor; tests/vm runs this"
  need_program apparmor_parser
  printf 'profile %s flags=(attach_disconnected) {\n  file,\n  signal,\n  deny /etc/secret r,\n}\n' "$NAME" >"$T/profile"
  apparmor_parser -r --skip-cache "$T/profile"
  make_bundle ".process.apparmorProfile = \"$NAME\""
  command_line sleep 300
  create || fail "$(container_output)"
  rt start "$ID"
  grep -q "^$NAME (enforce)" "/proc/$(rt state "$ID" | jq .pid)/attr/current"
  run rt exec "$ID" sh -c 'cat /proc/self/attr/current; cat /etc/passwd; cat /etc/secret'
  expect nonzero "$NAME (enforce)" root:x:0 "Permission denied"
  rt delete --force "$ID"
  apparmor_parser -R "$T/profile"
  command_line true
  run rt run --bundle "$B" "$ID"
  expect 1 "is it loaded" "$NAME"
}

@test "privileges: a bind mount with the ids of the container's user namespace" {
  mkdir -p "$T/owned-$ID" "$T/image/mapped"
  touch "$T/owned-$ID/file"
  local map='[{containerID: 0, hostID: 100000, size: 65536}]'
  make_bundle ".linux.uidMappings = $map" ".linux.gidMappings = $map" '.linux.namespaces += [{type: "user"}]' \
    ".mounts += [{destination: \"/mapped\", type: \"bind\", source: \"$T/owned-$ID\", options: [\"bind\", \"idmap\"]}]"
  command_line sh -c 'stat -c %u:%g /mapped/file; touch /mapped/made && cut -c1-32 /proc/self/uid_map'
  run rt run --bundle "$B" "$ID"
  [[ $output != *"idmap"*"nvalid argument"* ]] || skip "the file system below $T cannot be idmapped: $output"
  expect 0 0:0 100000
  [ "$(stat -c %u:%g "$T/owned-$ID/made")" = 0:0 ]
}
