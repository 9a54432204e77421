// What the probes share: how an answer is said. A probe tries one thing, prints `NAME: ok` or `NAME: EPERM`, and exits
// with 0 when the kernel let it happen and 1 when it did not.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int answer(const char* what, long result) {
  if (result >= 0) {
    printf("%s: ok\n", what);
    return 0;
  }
  printf("%s: %s\n", what, strerrorname_np(errno));
  return 1;
}
