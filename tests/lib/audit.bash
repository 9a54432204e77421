# shellcheck shell=bash
# What an audit file must hold whatever happened to the proxy.

# Every line carries the hash of the line before it, and the numbers follow each other: `expect_chain FILE`
expect_chain() {
  local report
  report=$(/usr/bin/python3 - "$1" <<'EOF'
import hashlib, json, sys
previous = ""
for number, line in enumerate(open(sys.argv[1], "rb").read().splitlines(), 1):
    record = json.loads(line)
    if record["sequence"] != number or record["previous"] != previous:
        print(f"line {number}: sequence {record['sequence']}, previous {record['previous']}, expected {previous}")
    previous = hashlib.sha256(line).hexdigest()
EOF
  ) || fail "$1 holds a line that is not JSON" || return 1
  [ -z "$report" ] || fail "the chain of $1 is broken:" "$report"
}
