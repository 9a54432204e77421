#!/usr/bin/env bats
# The manual pages: well formed, and complete as far as the programs can tell.

bats_require_minimum_version 1.5.0

load ../lib/env

setup_file() {
  make_private_directory
  local page
  for page in "$REPO"/docs/man/*; do
    mandoc -T ascii "$page" | sed 's/.\x08//g' >"$T/$(basename "$page").txt"
  done
}

teardown_file() { remove_private_directory; }

# holds PAGE WORD...: every word stands in the page as it is printed
holds() {
  local page=$T/$1.txt word missing=()
  shift
  for word in "$@"; do grep -qE -- "(^|[^[:alnum:]_-])$word([^[:alnum:]_-]|\$)" "$page" || missing+=("$word"); done
  [ ${#missing[@]} -eq 0 ] || fail "$page lacks: ${missing[*]}"
}

# Long options and commands as --help prints them.
long_options() { grep -oE -- '(^| |\[)--[a-z][a-z-]*' | tr -d ' [' | sort -u; }

@test "mandoc and man find nothing wrong with the pages" {
  local page
  for page in "$REPO"/docs/man/*; do
    run mandoc -T lint -W warning "$page"
    expect 0
    run bash -c 'LC_ALL=C.UTF-8 MANROFFSEQ="" man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null' - "$page"
    expect 0
    [ -z "$output" ] || fail "$page:" "$output"
  done
}

@test "nemoclawctl(1) has every command and option" {
  local line
  while read -r line; do
    holds nemoclawctl.1 "$line"
  done < <("$CTL" --help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p')
  local words
  while read -r -a words; do
    mapfile -t words < <("$CTL" "${words[@]}" --help | long_options)
    holds nemoclawctl.1 "${words[@]}"
  done < <("$CTL" --help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p')
}

@test "nemoclaw-runtime(8) has every command and global option" {
  local words
  mapfile -t words < <("$RUNTIME" --help | long_options)
  [ ${#words[@]} -gt 8 ] || fail "${words[@]}"
  holds nemoclaw-runtime.8 "${words[@]}"
  mapfile -t words < <("$RUNTIME" --help | sed -n '/^COMMANDS/,/^GLOBAL/s/^   \([a-z]*\).*/\1/p')
  [ ${#words[@]} -gt 10 ] || fail "${words[@]}"
  holds nemoclaw-runtime.8 "${words[@]}"
}

@test "nemoclaw-hook(8) and nemoclaw-proxy(8) have every option" {
  local words
  mapfile -t words < <("$BUILD/bin/nemoclaw-hook" --help 2>&1 | long_options)
  [ ${#words[@]} -ge 2 ] || fail "${words[@]}"
  holds nemoclaw-hook.8 "${words[@]}" start stop join leave attach detach
  mapfile -t words < <({ "$BUILD/bin/nemoclaw-proxy" --help 2>&1 || true; } | long_options)
  [ ${#words[@]} -ge 5 ] || fail "${words[@]}"
  holds nemoclaw-proxy.8 "${words[@]}"
}

@test "nemoclaw-policy(5) has every key of the schema, apart from those that are not in force" {
  local words
  mapfile -t words < <("$CTL" policy schema |
    jq -r '.oneOf |= map(del(.properties.inference?, .properties.privacy?)) | [.. | .properties? | objects | keys[]] | unique[]')
  [ ${#words[@]} -gt 60 ] || fail "${words[@]}"
  holds nemoclaw-policy.5 "${words[@]}"
}
