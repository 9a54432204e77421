# shellcheck shell=bash
# A systemd for a suite: the host's own, or where none runs (and cgroup v1 is mounted) one of ours in namespaces of its
# own, below cgroups of the suite. `in_systemd COMMAND...` runs a command where it rules.

systemd_is_hosts() { [ -d /run/systemd/system ]; }

in_systemd() {
  if systemd_is_hosts; then "$@"; else nsenter --target "$(cat "$T/systemd.pid")" --mount --pid --cgroup "$@"; fi
}

# Sets SYSTEMD_MISSING to the reason, if there is none.
start_systemd() {
  export SYSTEMD_MISSING=
  if systemd_is_hosts; then return 0; fi
  if [ ! -x /lib/systemd/systemd ] || ! command -v systemctl >/dev/null; then
    SYSTEMD_MISSING="no systemd runs here, and none is installed"
  elif [ "$(id -u)" -ne 0 ] || is_unified || [ ! -d /sys/fs/cgroup/systemd ]; then
    SYSTEMD_MISSING="no systemd runs here, and one of the suite's own needs root and cgroup v1 with name=systemd"
  else
    boot_systemd || SYSTEMD_MISSING="systemd did not start: $(tail -2 "$T/systemd.log" | tr '\n' ' ')"
  fi
}

boot_systemd() {
  mkdir -p "$T/units"
  local target
  for target in mini sysinit basic shutdown exit poweroff reboot; do
    printf '[Unit]\nDescription=%s\nDefaultDependencies=no\nAllowIsolate=yes\n' "$target" >"$T/units/$target.target"
  done
  # The first process moves into the suite's cgroups, the second makes namespaces that begin there.
  T=$T NAME=$NAME setsid bash -c '
    for hierarchy in /sys/fs/cgroup/*/; do
      [ -e "$hierarchy/cgroup.procs" ] || continue
      mkdir -p "$hierarchy/$NAME-systemd"
      for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$hierarchy/$file" ] || cat "$hierarchy/$file" >"$hierarchy/$NAME-systemd/$file"
      done
      echo $$ >"$hierarchy/$NAME-systemd/cgroup.procs"
    done
    exec unshare --mount --pid --cgroup --fork --mount-proc --kill-child bash "$0/systemd.bash" boot' \
    "$TESTS_LIB" >"$T/systemd.log" 2>&1 </dev/null 3>&- &
  wait_until 20 find_systemd
}

find_systemd() {
  local directory
  for directory in /proc/[0-9]*; do
    if grep -qz "^SYSTEMD_UNIT_PATH=$T/units$" "$directory/environ" 2>/dev/null && [ "$(cat "$directory/comm")" = systemd ]; then
      basename "$directory" >"$T/systemd.pid"
      in_systemd systemctl is-active mini.target >/dev/null 2>&1
      return
    fi
  done
  return 1
}

# Only what we started; its namespace's processes end with it.
stop_systemd() {
  [ -s "$T/systemd.pid" ] || return 0
  kill -KILL "$(cat "$T/systemd.pid")" 2>/dev/null || true
  wait_until 10 not_running "$(cat "$T/systemd.pid")" || true
  find /sys/fs/cgroup -depth -type d -path "*/$NAME-systemd*" -exec rmdir {} + 2>/dev/null || true
}

# In the new namespaces: the same hierarchies again, as this cgroup namespace shows them, and an empty /run.
boot_inside() {
  mount --make-rprivate /
  mount -t tmpfs tmpfs /run
  local names name
  names=$(ls /sys/fs/cgroup)
  umount -l /sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for name in $names; do
    mkdir "/sys/fs/cgroup/$name"
    case $name in
      systemd) mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd ;;
      unified) mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified ;;
      *) mount -t cgroup -o "$name" cgroup "/sys/fs/cgroup/$name" || rmdir "/sys/fs/cgroup/$name" ;;
    esac
  done
  export container=test SYSTEMD_UNIT_PATH=$T/units SYSTEMD_GENERATOR_PATH=$T/none
  exec /lib/systemd/systemd --system --unit=mini.target --show-status=0 --log-target=console
}

[ "${1:-}" != boot ] || boot_inside
