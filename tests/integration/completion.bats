#!/usr/bin/env bats
# Completion of nemoclawctl, asked as a shell asks for it.

bats_require_minimum_version 1.5.0

load ../lib/env

setup_file() {
  make_private_directory
  "$CTL" completion bash >"$T/completion.bash"
  "$CTL" completion zsh >"$T/_nemoclawctl"
}

teardown_file() { remove_private_directory; }

# complete_words WORD...: what bash offers for the last of the words of a line
complete_words() {
  PATH=$BUILD/bin:$PATH bash -c '
    . "$1"
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _nemoclawctl
    printf "%s\n" "${COMPREPLY[@]}"' - "$T/completion.bash" nemoclawctl "$@"
}

@test "bash completes groups, commands, options and their values" {
  run complete_words ''
  expect 0 policy sandbox logs doctor completion
  run complete_words policy ''
  expect 0 check add-preset schema
  run complete_words policy add-preset --d
  [ "$output" = --dry-run ] || fail "$output"
  run complete_words policy lint --format ''
  [ "$output" = $'text\njson' ] || fail "$output"
  run complete_words policy convert --format ''
  [ "$output" = $'yaml\njson' ] || fail "$output"
  run complete_words completion z
  [ "$output" = zsh ] || fail "$output"
  run complete_words policy no-such-command ''
  [ -z "$output" ] || fail "$output"
}

@test "bash completes installed policies, and files" {
  touch "$T/some-file.yaml"
  run complete_words policy show openclaw
  [ "$output" = openclaw-sandbox ] || fail "$output"
  run complete_words policy check "$T/some"
  [ "$output" = "$T/some-file.yaml" ] || fail "$output"
  run complete_words policy lint --rootfs "$T/pol"
  [ "$output" = "$T/policies" ] || fail "$output"
}

@test "zsh reads its completion and finds the function" {
  need_program zsh
  run zsh -n "$T/_nemoclawctl"
  expect 0
  run zsh -fc "fpath=($T \$fpath); autoload -Uz compinit; compinit -u -D; print \$_comps[nemoclawctl]; autoload -Uz +X _nemoclawctl"
  expect 0 _nemoclawctl
}

@test "completion is for bash and zsh" {
  run "$CTL" completion
  expect 2 "name one shell"
  run "$CTL" completion fish
  expect 2 "bash or zsh"
  run "$CTL" completion --help
  expect 0 "nemoclawctl completion bash|zsh"
}
