# shellcheck shell=bash
# Medians and rows.
# shellcheck disable=SC2154  # of tests/bench/proxy and place.bash

median() {
  [ -s "$work/$1.txt" ] || return 0
  awk -v c="$2" '{print $c}' "$work/$1.txt" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'
}

title_of() {
  case $1 in
    kept) echo "request on a kept tunnel: CPU us|p50 us|p99 us" ;;
    connect) echo "new CONNECT, one request, close: CPU us|p50 us|p99 us" ;;
    bulk) echo "download through a tunnel: CPU us per MB||" ;;
    idle) echo "idle tunnel: KiB of the proxy||" ;;
    latency) echo "2,000 requests/s through tunnels: CPU us|p50 us|p99 us" ;;
    ikept) echo "inspected request on a kept connection: CPU us|p50 us|p99 us" ;;
    ih2) echo "inspected request over HTTP/2: CPU us|mean us|slowest us" ;;
    iconnect) echo "new inspected connection, one request, close: CPU us|p50 us|p99 us" ;;
    ibulk) echo "inspected download: CPU us per MB||" ;;
    iidle) echo "idle inspected connection: KiB of the proxy||" ;;
    ilatency) echo "2,000 inspected requests/s: CPU us|p50 us|p99 us" ;;
    rest) echo "at rest: KiB resident (PSS)|KiB private|sleeps in 10 s" ;;
  esac
}

print_table() {
  local name=$1 title peer ours="" theirs ratio
  title=$(title_of "$name")
  printf '\n| %s | nemoclaw : peer |\n|---|---|---|---|---|\n' "peer | ${title//|/ | }"
  ours=$(median "nemoclaw-$name" 1)
  for peer in "${peers[@]}"; do
    theirs=$(median "$peer-$name" 1)
    [ -n "$theirs" ] || continue
    ratio=$(awk -v a="$ours" -v b="$theirs" 'BEGIN {if (a != "" && b > 0) printf "%.2f", a / b}')
    printf '| %s | %s | %s | %s | %s |\n' "$peer" "$theirs" "$(median "$peer-$name" 2)" "$(median "$peer-$name" 3)" "$ratio"
  done
}
