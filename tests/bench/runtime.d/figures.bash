# shellcheck shell=bash
# Medians, quartiles and rows. A line of figures: microseconds, KiB, exit code, microseconds of CPU.
# shellcheck disable=SC2154  # work: of bundle.bash

# quantile NAME COLUMN FRACTION: of the runs that succeeded; nothing if there are none
quantile() {
  [ ! -s "$work/$1.txt" ] ||
    awk -v c="$2" '$3 == 0 {print $c}' "$work/$1.txt" | sort -n |
    awk -v q="$3" '{v[NR] = $1} END {if (NR) {i = int(NR * q + 0.9999); print v[i < 1 ? 1 : i]}}'
}

median() { quantile "$1" "$2" 0.5; }

# most NAME COLUMN: the largest
most() { quantile "$1" "$2" 1; }

# row TITLE SCALE OURS DEFAULT CRUN RUNC FLOOR: numbers divided by SCALE, empty where there is none; the last two columns are
# ours to crun and ours to the floor
row() {
  awk -v t="$1" -v s="$2" -v n="$3" -v d="$4" -v c="$5" -v r="$6" -v f="$7" '
    function show(v) { return v == "" ? "" : sprintf("%.2f", v / s) }
    function ratio(a, b) { return a != "" && b + 0 > 0 ? sprintf("%.2f", a / b) : "" }
    BEGIN { printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", t, show(n), show(d), show(c), show(r), show(f), ratio(n, c), ratio(n, f) }'
}

# table TITLE: the head that the rows belong to
table() {
  printf '\n| %s | no policy | fence and proxy | crun | runc | floor | ours : crun | ours : floor |\n' "$1"
  printf '|---|---|---|---|---|---|---|---|\n'
}

# row_of TITLE NAME FUNCTION COLUMN SCALE: the figures of that name of every runtime and of the floor
row_of() {
  row "$1" "$5" "$("$3" "ours-none-$2" "$4")" "$("$3" "ours-default-$2" "$4")" "$("$3" "crun-$2" "$4")" \
    "$("$3" "runc-$2" "$4")" "$("$3" "floor-$2" "$4")"
}
