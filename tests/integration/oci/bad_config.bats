#!/usr/bin/env bats
# A config.json, a state file or a process file that is broken, huge, deep or hostile: refused with its place, in bounded
# memory and time, and nothing stays.

load ../../lib/oci

# At most 256 MiB of address space and 60 s: what is refused early needs neither.
bounded() { (ulimit -v 262144; timeout 60 "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" "$@"); }

# The config from stdin is refused by create with these words: `refused WORDS...`
refused() {
  mkdir -p "$T/bad"
  cat >"$T/bad/config.json"
  run bounded create --bundle "$T/bad" "$ID"
  expect 1 "$@"
  [ "${#output}" -lt 2000 ] || fail "an error of ${#output} bytes"
  expect_nothing_left
}

@test "truncated at every place, it is refused with line and column" {
  ours || skip "positions are ours"
  make_bundle
  local size length
  size=$(stat -c %s "$B/config.json")
  for length in 0 1 $((size / 4)) $((size / 2)) $((size * 3 / 4)) $((size - 3)); do
    refused "config.json: line " "column " < <(head -c "$length" "$B/config.json")
  done
}

@test "100 MB are refused without being read" {
  truncate -s 100M "$T/huge"
  mkdir -p "$T/bad"
  mv "$T/huge" "$T/bad/config.json"
  run bounded create --bundle "$T/bad" "$ID"
  rm "$T/bad/config.json"
  expect 1
  ! ours || expect 1 "larger than the limit"
  expect_nothing_left
}

@test "deep nesting, many values, many members, long numbers" {
  ours || skip "limits are ours"
  refused "nested deeper" < <(head -c 100000 /dev/zero | tr '\0' '[')
  refused "nested deeper" < <(yes '{"a":' | head -n 10000)
  refused "values" < <(printf '{"a":['; yes '0,' | head -n 600000; printf '0]}')
  refused "members" < <(printf '{"annotations":{'; seq -f '"%.0f":"",' 20000; printf '"x":""}}')
  refused "out of range" < <(printf '{"process":{"oomScoreAdj":'; head -c 10000 /dev/zero | tr '\0' 9; printf '}}')
}

@test "what is not UTF-8, NUL characters, duplicate names, more than one value" {
  ours || skip "runc takes some of these"
  refused "line 1, column" UTF8 < <(printf '{"ociVersion":"1.0.2","hostname":"\xff\xfe"}')
  refused hostname NUL < <(printf '{"ociVersion":"1.0.2","hostname":"a\\u0000b"}')
  refused "duplicate key" < <(printf '{"ociVersion":"1.0.2","ociVersion":"1.0.2"}')
  refused "line 1, column" < <(printf '{} {}')
  refused "expected object" < <(printf '7')
  refused "line 1" < <(printf '\xef\xbb\xbf{}')
  refused "line 1" < /dev/null
}

@test "wrong types name the pointer and the position" {
  ours || skip "the words are ours"
  local program words
  while IFS='|' read -r program words; do
    make_bundle
    refused "config.json: $words" "line " < <(jq "$program" "$B/config.json")
  done <<'EOT'
.process.args = "sh"|process.args: expected array
.process.args[0] = 1|process.args[0]: expected string
.linux.namespaces[1].type = {}|linux.namespaces[1].type: expected string
.linux.resources.memory = {limit: "1"}|linux.resources.memory.limit: expected integer
.process.user.uid = -1|process.user.uid: expected an integer
.process.user.uid = 4294967296|process.user.uid: expected an integer
.mounts = {}|mounts: expected array
.hooks = []|hooks: expected object
EOT
}

@test "a config.json that is a directory, a link to nowhere, or not ours to read" {
  mkdir -p "$T/odd/config.json"
  run bounded create --bundle "$T/odd" "$ID"
  expect 1
  rmdir "$T/odd/config.json"
  ln -s nowhere "$T/odd/config.json"
  run bounded create --bundle "$T/odd" "$ID"
  expect 1 "no such file or directory"
  rm "$T/odd/config.json"
  run bounded create --bundle "$T/no-such-bundle" "$ID"
  expect 1 "no such file or directory"
  expect_nothing_left
}

@test "a process file that is broken" {
  start_sleeper
  local text
  for text in '{' '[]' '{"args": 7}' '{"args": ["true"], "cwd": "relative"}' '{"args": [], "cwd": "/"}' \
    '{"args": ["true"], "cwd": "/", "env": ["NOVALUE"]}'; do
    printf '%s' "$text" >"$B/process.json"
    run bounded exec --process "$B/process.json" "$ID"
    expect 255
  done
  truncate -s 100M "$B/process.json"
  run bounded exec --process "$B/process.json" "$ID"
  rm "$B/process.json"
  expect 255
}

@test "a damaged state file hurts nobody else" {
  ours || skip "this is about our own files"
  make_bundle
  create
  local pid
  pid=$(rt state "$ID" | jq .pid)
  echo '{"id": "other"' >"$T/root/$ID/state.json"
  run rt state "$ID"
  expect 1
  run rt list
  expect 0
  expect_not "$ID"
  # What cannot be read cannot be told from another runtime's, and is left alone.
  rt delete --force "$ID"
  kill -9 "$pid"
  rm -r "${T:?}/root/$ID"
  find /sys/fs/cgroup -depth -type d -path "*/$NAME/t$BATS_TEST_NUMBER" -exec rmdir {} \; 2>/dev/null || true
}
