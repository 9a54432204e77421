// Can this process join a namespace that it holds a descriptor of?
#include "probe.h"

#include <fcntl.h>
#include <sched.h>

int main(void) {
  int ns = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
  if (ns < 0) return answer("setns open", -1);
  return answer("setns", setns(ns, CLONE_NEWUTS));
}
