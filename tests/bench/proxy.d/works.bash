# shellcheck shell=bash
# What is done: each work starts the load, waits until it is ready, and looks at the proxy's account around it. A line of
# figures, in $work/PEER-WORK.txt: CPU time per operation (or KiB), median and 99th percentile of the latency.
# shellcheck disable=SC2154  # of tests/bench/proxy and its other files

scaled() { awk -v n="$1" -v s="$scale" 'BEGIN {n = int(n * s); print n < 1 ? 1 : n}'; }

problem() {
  echo "$1: $(tail -1 "$work/load.err")" >>"$work/problems"
  return 0
}

begin_load() {
  local peer=$1 work_name=$2
  shift 2
  aim "$peer" "$work_name"
  coproc LOAD { "${client[@]}" "${where[@]}" "$@" 2>"$work/load.err"; }
  load_pid=$LOAD_PID
  from_load=${LOAD[0]} to_load=${LOAD[1]}
  read -r -t 190 answer <&"$from_load" && [ "$answer" = ready ]
}

end_load() {
  exec {to_load}>&-
  wait "$load_pid"
}

# measure PEER WORK UNIT OPTIONS...: CPU time per request, or per UNIT bytes
measure() {
  local peer=$1 work_name=$2 unit=$3 before after
  shift 3
  begin_load "$peer" "$work_name" "$@" || { end_load || true; problem "$peer $work_name"; return; }
  [ "$peer" = direct ] || before=$(cpu_of "$peer")
  echo >&"$to_load"
  read -r -t 180 answer <&"$from_load" || answer=
  [ "$peer" = direct ] || after=$(cpu_of "$peer")
  end_load || { problem "$peer $work_name"; return; }
  awk -v cpu=$((${after:-0} - ${before:-0})) -v unit="$unit" \
    '{ops = unit == 1 ? $2 : $6 / unit; printf "%.3f %s %s\n", cpu / 1000 / ops, $10, $12}' \
    <<<"$answer" >>"$work/$peer-$work_name.txt"
}

# One connection's share: hold PEER WORK COUNT
hold() {
  local peer=$1 work_name=$2 count=$3 before after
  before=$(memory_of "$peer" Pss)
  begin_load "$peer" "$work_name" --connections "$count" --requests 0 || { end_load || true; problem "$peer $work_name"; return; }
  sleep 0.5
  after=$(memory_of "$peer" Pss)
  echo >&"$to_load"
  read -r -t 30 answer <&"$from_load" || true
  end_load || { problem "$peer $work_name"; return; }
  awk -v kib=$((after - before)) -v n="$count" 'BEGIN {printf "%.2f\n", kib / n}' >>"$work/$peer-$work_name.txt"
}

work_kept() { measure "$1" "$2" 1 --connections 8 --requests "$(scaled 20000)"; }
# h2load counts its connections' beginnings, too: eight among thousands of requests. It knows the mean and the slowest.
work_h2() {
  local peer=$1 work_name=$2 count before after answer
  count=$(scaled 20000)
  aim_h2 "$peer"
  before=$(cpu_of "$peer")
  answer=$("${client[@]}" -n "$count" -c 8 -m 1 2>"$work/load.err") || { problem "$peer $work_name"; return; }
  after=$(cpu_of "$peer")
  if ! grep -q " $count succeeded, 0 failed" <<<"$answer"; then
    grep '^requests:' <<<"$answer" >"$work/load.err" || true
    problem "$peer $work_name"
    return
  fi
  awk -v cpu=$((after - before)) -v count="$count" 'function us(text) {
      return text ~ /us$/ ? text + 0 : text ~ /ms$/ ? text * 1000 : text * 1000000
    }
    /^time for request:/ {printf "%.3f %.1f %.1f\n", cpu / 1000 / count, us($6), us($5)}' <<<"$answer" >>"$work/$peer-$work_name.txt"
}

work_connect() {
  if is_inspected "$2"; then
    measure "$1" "$2" 1 --connections 4 --requests "$(scaled 400)" --fresh 1
  else
    measure "$1" "$2" 1 --connections 4 --requests "$(scaled 3000)" --fresh 1
  fi
}
work_bulk() { measure "$1" "$2" 1048576 --connections 2 --requests "$(scaled 10)" --path /bytes/33554432; }
work_latency() { measure "$1" "$2" 1 --connections 16 --requests "$(scaled 8000)" --rate 2000; }
work_idle() { hold "$1" "$2" "${NEMOCLAW_BENCH_IDLE:-1000}"; }

# The idle proxy: KiB resident (all processes), private, and system calls in ten seconds.
work_rest() {
  local peer=$1 pid wakes=0 before after
  [ "$peer" != direct ] || return 0
  before=$(switches "$peer")
  sleep 10
  after=$(switches "$peer")
  wakes=$((after - before))
  echo "$(memory_of "$peer" Pss) $(memory_of "$peer" Private) $wakes" >>"$work/$peer-rest.txt"
}

# How often its threads have gone to sleep.
switches() {
  local pid
  for pid in $(cat "$accounts/$group/$1/cgroup.procs"); do cat "/proc/$pid"/task/*/status; done |
    awk '/^voluntary_ctxt/ {sum += $2} END {print sum + 0}'
}
