# shellcheck shell=bash
# The bundles that are measured, and the command lines of the runtimes.
# shellcheck disable=SC2154  # repo, build, ours, timer: of tests/bench/runtime

work=$(mktemp -d /tmp/ncbench.XXXXXX)
group=$(basename "$work")
labels="ours-none ours-default crun runc"
runtime=()

clean_up() {
  local label id
  for label in $labels; do
    choose "$label" || continue
    for id in life $("${runtime[@]}" list -q 2>/dev/null); do "${runtime[@]}" delete --force "$id" >/dev/null 2>&1 || true; done
  done
  ! declare -F stop_managers >/dev/null || stop_managers
  rmdir /sys/fs/cgroup/*/"$group" /sys/fs/cgroup/"$group" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}

# choose LABEL: the command line up to the verb, in the array `runtime`; fails where the program is missing
choose() {
  case $1 in
    ours-none) runtime=("$ours" --policy none --root "$work/state") ;;
    ours-default) runtime=("$ours" --config "$work/config.yaml" --root "$work/state") ;;
    *) runtime=("$1" --root "$work/$1") ;;
  esac
  command -v "${runtime[0]}" >/dev/null
}

# bundle NAME FROM FILTER...: a copy of the bundle FROM with its config.json changed by jq
bundle() {
  local name=$1 from=$2
  shift 2
  mkdir -p "$work/$name"
  jq "$@" "$work/$from/config.json" >"$work/$name/config.new"
  mv "$work/$name/config.new" "$work/$name/config.json"
}

prepare() {
  "$repo/oci-bundles/make-rootfs" "$work/rootfs"
  mkdir "$work/plain"
  (cd "$work/plain" && { crun spec || runc spec || "$ours" spec; } 2>/dev/null)
  bundle plain plain --arg root "$work/rootfs" --arg group "/$group/g" '.process.terminal = false |
    .process.args = ["/bin/true"] | .root = {path: $root, readonly: false} | .linux.cgroupsPath = $group |
    .linux.namespaces |= map(select(.type != "cgroup"))'
  bundle life plain '.process.args = ["/bin/sleep", "1000"]'
  bundle docker plain --slurpfile docker "$repo/tests/data/config/docker-20.10.json" \
    '.linux.seccomp = $docker[0].linux.seccomp'
  # Side by side: each container in a cgroup of its own, which the runtime names after it.
  bundle own plain --arg group "$group" 'del(.linux.cgroupsPath)'
  printf '%s\n' "run_directory: $work/sandboxes" "log_directory: $work/log" "state_directory: $work/lib" \
    "policy_directories: [$repo/policy/presets]" >"$work/config.yaml"
}

# measure FILE OPTION... COMMAND...: one round of the timer, appended to the figures of that name
measure() {
  local file=$1
  shift
  "$timer" "$@" >>"$work/$file.txt" 2>"$work/$file.err" || {
    echo "$file: $(tail -1 "$work/$file.err")" >>"$work/problems"
    return 1
  }
}
