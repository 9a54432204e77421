# shellcheck shell=bash
# Many containers: one after the other, and at once.
# shellcheck disable=SC2154  # of tests/bench/runtime and the files beside this one

bench_many() {
  local i label
  # Twenty each in turn, until each has had 200.
  for ((i = 0; i < 10; i++)); do
    for label in ours-none crun runc; do
      choose "$label" || continue
      measure "$label-turn" 20 "${runtime[@]}" run --bundle "$work/own" "s$i-%" || true
    done
  done
  for ((i = 0; i < (rounds + 1) / 2; i++)); do
    for label in ours-none crun runc; do
      choose "$label" || continue
      measure "$label-at-once" --at-once 50 "${runtime[@]}" run --bundle "$work/own" "p$i-%" || true
    done
  done
  table "wall ms"
  row_of "200 containers one after the other, sum" turn total 1 1000
  row_of "50 containers at once, median of the rounds" at-once median 1 1000
  table "CPU ms"
  row_of "200 containers one after the other, sum" turn total 4 1000
  row_of "50 containers at once, median of the rounds" at-once median 4 1000
}

total() { [ ! -s "$work/$1.txt" ] || awk -v c="$2" '$3 == 0 {sum += $c} END {print sum}' "$work/$1.txt"; }
