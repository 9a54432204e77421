#!/usr/bin/env bats
# checkpoint and restore. What needs criu skips with its reason where the kernel and criu do not go together.

load ../../lib/oci

need_criu() {
  need_program criu
  local reason
  reason=$(criu check 2>&1) || skip "criu cannot work here: $(grep -m1 Error <<<"$reason")"
}

@test "what podman asks before it offers checkpoints" {
  run rt checkpoint --help
  expect 0 "--image-path" "--tcp-established" "--leave-running"
  run rt restore --lsm-mount-context
  expect nonzero "flag needs an argument"
}

@test "every flag of runc's is taken" {
  run rt checkpoint --image-path "$T/i" --work-path "$T/w" --parent-path ../p --leave-running --tcp-established \
    --tcp-skip-in-flight --link-remap --ext-unix-sk --shell-job --lazy-pages --status-fd 9 --page-server 1.2.3.4:5 \
    --file-locks --pre-dump --manage-cgroups-mode soft --empty-ns network --auto-dedup nosuch
  expect 1 "does not exist"
  run rt restore --bundle /nosuch --image-path "$T/i" --work-path "$T/w" --tcp-established --ext-unix-sk --shell-job \
    --file-locks --manage-cgroups-mode full --empty-ns network --auto-dedup --lazy-pages --link-remap --detach \
    --pid-file "$T/p" --no-subreaper --no-pivot --lsm-profile apparmor:x --lsm-mount-context c nosuch
  expect 1 config.json
  run rt checkpoint --manage-cgroups-mode hard nosuch
  expect 1 manage-cgroups-mode
}

@test "a container that does not run cannot be checkpointed, and criu's absence is said" {
  make_bundle
  command_line sleep 300
  create
  run rt checkpoint --image-path "$B/images" "$ID"
  expect 1 "not running"
  rt start "$ID"
  run "$RUNTIME" "${RT_NONE[@]}" --criu /nosuch/criu --root "$T/root" checkpoint --image-path "$B/images" "$ID"
  expect 1 "/nosuch/criu"
}

@test "restore without images, and over a container that exists, leaves nothing" {
  make_bundle
  run rt restore --bundle "$B" --image-path "$B/nosuch" "$ID"
  expect 1 nosuch
  [ ! -e "$T/root/$ID" ]
  mkdir -p "$B/images"
  create
  run rt restore --bundle "$B" --image-path "$B/images" "$ID"
  expect 1 "already exists"
  has_status "$ID" created
}

# A container that counts in a file of a volume, so that a restored one can be seen to go on.
start_counter() {
  mkdir -p "$T/volume-$ID"
  make_bundle ".mounts += [{destination: \"/volume\", type: \"bind\", source: \"$T/volume-$ID\", options: [\"bind\", \"rw\"]}]"
  command_line sh -c 'i=0; while true; do i=$((i + 1)); echo $i >/volume/count; sleep 0.1; done'
  rt run --detach --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 3>&-
  wait_until 10 eval "[ \"\$(cat '$T/volume-$ID/count')\" -ge 3 ]"
}

count() { cat "$T/volume-$ID/count"; }

@test "a container goes on where it was" {
  need_criu
  start_counter
  run rt checkpoint --image-path "$B/images" --work-path "$B/work" "$ID"
  expect 0
  run rt state "$ID"
  expect 1 "does not exist"
  local before
  before=$(count)
  rt restore --detach --bundle "$B" --image-path "$B/images" --work-path "$B/work" --pid-file "$B/pid" "$ID" \
    </dev/null >/dev/null 2>&1 3>&-
  has_status "$ID" running
  [ "$(cat "$B/pid")" = "$(rt state "$ID" | jq .pid)" ]
  wait_until 10 eval "[ \"\$(count)\" -gt $((before + 2)) ]"
  grep -q "/$NAME/" "/proc/$(cat "$B/pid")/cgroup" || fail "$(cat "/proc/$(cat "$B/pid")/cgroup")"
  run rt exec "$ID" true
  expect 0
  rt delete --force "$ID"
  expect_nothing_left
}

@test "checkpoint --leave-running leaves it running" {
  need_criu
  start_counter
  run rt checkpoint --leave-running --image-path "$B/images" --work-path "$B/work" "$ID"
  expect 0
  has_status "$ID" running
  [ -s "$B/images/inventory.img" ]
}
