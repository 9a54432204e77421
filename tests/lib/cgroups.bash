# shellcheck shell=bash
# Limits as the kernel has them, whatever the layout: cgroup v1's one hierarchy per controller, or v2's one for all.

is_unified() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }

# cgroup_limit KIND PATH: memory (bytes), pids, cpu ("quota period"), or shares (v2: the weight that stands for them)
cgroup_limit() {
  local v1=/sys/fs/cgroup/$1/$2 v2=/sys/fs/cgroup/$2
  case $1 in
    memory) if is_unified; then cat "$v2/memory.max"; else cat "$v1/memory.limit_in_bytes"; fi ;;
    pids) if is_unified; then cat "$v2/pids.max"; else cat "$v1/pids.max"; fi ;;
    cpu)
      if is_unified; then cat "$v2/cpu.max"; else echo "$(cat "$v1/cpu.cfs_quota_us") $(cat "$v1/cpu.cfs_period_us")"; fi
      ;;
    shares) if is_unified; then cat "$v2/cpu.weight"; else cat "/sys/fs/cgroup/cpu/$2/cpu.shares"; fi ;;
  esac
}

# Whether any hierarchy has the cgroup: `has_cgroup PATH`
has_cgroup() { [ -d "/sys/fs/cgroup/$1" ] || [ -d "/sys/fs/cgroup/memory/$1" ]; }

# The directories of a suite that the last container left empty.
remove_suite_cgroups() {
  rmdir /sys/fs/cgroup/*/"$NAME"/conmon /sys/fs/cgroup/*/"$NAME" /sys/fs/cgroup/"$NAME"/conmon /sys/fs/cgroup/"$NAME" \
    2>/dev/null || true
}
