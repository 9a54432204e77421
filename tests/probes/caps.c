// What does the kernel say about this process's privileges?
#include "probe.h"

#include <unistd.h>

int main(void) {
  FILE* status = fopen("/proc/self/status", "re");
  if (!status) return answer("caps", -1);
  char line[256];
  static const char* const wanted[] = {"Cap", "NoNewPrivs", "Seccomp", "Uid", "Gid", "Groups"};
  while (fgets(line, sizeof line, status))
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
      if (!strncmp(line, wanted[i], strlen(wanted[i]))) fputs(line, stdout);
  fclose(status);
  return 0;
}
