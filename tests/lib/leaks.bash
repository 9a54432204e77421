# shellcheck shell=bash
# What a container may leave behind, counted in the places of this suite only: mounts, cgroups, processes, network
# namespaces, state and sandbox directories. `leftovers [STATE_ROOT]...` prints one line per leftover.

leftovers() {
  local path root
  # Mounts of a rootfs or of a sandbox; the daemon's own (data-root, netns holder) are listed only below a container.
  awk '{print $5}' /proc/self/mountinfo | grep -E "^$T/(bundle|sb|root|state|exec/netns/[0-9a-f]{12}|data/overlay2/[^/]*/merged|c/run/io.containerd.runtime)" |
    sed 's/^/mount /' || true
  find /sys/fs/cgroup -mindepth 1 -type d -path "*/$NAME/*" ! -name conmon 2>/dev/null | sed 's/^/cgroup /' || true
  # Every sandbox has a directory of its own name below the log directory.
  for path in "$T"/log/*/; do
    [ -d "$path" ] || continue
    find /sys/fs/cgroup -type d -path "*nemoclaw-proxy/$(basename "$path")" 2>/dev/null | sed 's/^/cgroup /'
  done
  for path in "$T"/sb/* "$T"/root/*; do
    [ ! -e "$path" ] || echo "directory $path"
  done
  for root in "$@"; do
    for path in "$root"/*; do
      [ ! -e "$path" ] || echo "directory $path"
    done
  done
  proxies_of_suite | sed 's/^/process /'
}

# "PID COMMAND LINE" of every process of our programs with the suite's directory among its arguments.
proxies_of_suite() {
  grep -asH . /proc/[0-9]*/cmdline | tr '\0' ' ' | grep -aE "^/proc/[0-9]+/cmdline:.*nemoclaw-(proxy|runtime|hook)" |
    grep -aF "$T/" | sed -E 's,^/proc/([0-9]+)/cmdline:,\1 ,' || true
}

# Managers tidy up asynchronously: wait for the end, then name what stayed.
expect_nothing_left() {
  wait_until 10 nothing_left "$@" || fail "left behind:" "$(leftovers "$@")"
}

nothing_left() { [ -z "$(leftovers "$@")" ]; }
