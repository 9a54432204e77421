#!/usr/bin/env bats
# A runtime that is killed while it works: at any system call, what it leaves is removed by one `delete --force`.
#
# The short form kills before the calls that change something outside of the runtime; NEMOCLAW_ALL_STEPS=1 before every one.

load ../../lib/oci

changing='^(mkdir|mkdirat|rename|renameat|renameat2|unlink|unlinkat|rmdir|write|clone3|bind|listen|connect|sendmsg|sendto|waitid|wait4|kill|pidfd_send_signal|exit_group)$'

need_strace() {
  need_program strace
  strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
}

runtime_words() { printf '%s\n' "$RUNTIME" "${RT_NONE[@]}" --root "$T/root"; }

# "NAME NUMBER" of each system call that the runtime makes: `steps_of VERB...`
steps_of() {
  local words
  mapfile -t words < <(runtime_words)
  strace -o "$B/trace" "${words[@]}" "$@" </dev/null >/dev/null 2>&1 3>&- || true
  awk -F'(' -v all="${NEMOCLAW_ALL_STEPS:-0}" -v changing="$changing" \
    '/^[a-z0-9_]+\(/ {count[$1]++; if ($1 != "execve" && (all == 1 || $1 ~ changing)) print $1, count[$1]}' "$B/trace"
}

# `killed_at NAME NUMBER VERB...`: the runtime gets SIGKILL at the entry of that call.
killed_at() {
  local words name=$1 number=$2
  shift 2
  mapfile -t words < <(runtime_words)
  # In a shell of its own, which says that the program was killed.
  (strace -o /dev/null -e trace="$name" -e inject="$name:signal=KILL:when=$number" "${words[@]}" "$@" \
    </dev/null >/dev/null 2>&1 3>&- || true) 2>/dev/null
}

# `each_step PREPARE VERB...`: PREPARE, kill, delete --force, look; for every step.
each_step() {
  local prepare=$1 name number count=0
  shift
  "$prepare"
  steps_of "$@" >"$B/steps"
  rt delete --force "$ID"
  while read -r name number; do
    "$prepare"
    killed_at "$name" "$number" "$@"
    rt delete --force "$ID" || fail "delete --force after a kill at $name $number" || return 1
    nothing_left || wait_until 2 nothing_left || fail "killed at $name $number; left:" "$(leftovers)" || return 1
    count=$((count + 1))
  done <"$B/steps"
  echo "# killed at $count steps" >&3
  [ "$count" -ge 3 ]
}

nothing() { :; }
created() { create; }

@test "SIGKILL of the runtime at the steps of create leaves nothing that delete --force does not remove" {
  ours || skip "about our own steps"
  need_strace
  make_bundle
  each_step nothing create --bundle "$B" "$ID"
}

@test "SIGKILL of the runtime at the steps of create with a user namespace, hooks and joined namespaces" {
  ours || skip "about our own steps"
  need_strace
  make_bundle '.linux.namespaces += [{type: "user"}]' \
    '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
    '.linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]' \
    '.hooks.createRuntime = [{path: "/bin/true"}]'
  each_step nothing create --bundle "$B" "$ID"
}

@test "SIGKILL of the runtime at the steps of start" {
  ours || skip "about our own steps"
  need_strace
  make_bundle
  command_line sleep 300
  each_step created start "$ID"
}

@test "SIGKILL of the runtime at the steps of delete" {
  ours || skip "about our own steps"
  need_strace
  make_bundle
  each_step created delete "$ID"
}

@test "SIGKILL of run ends nothing that delete --force cannot remove" {
  ours || skip "about our own steps"
  need_strace
  make_bundle
  command_line true
  each_step nothing run --bundle "$B" "$ID"
}
