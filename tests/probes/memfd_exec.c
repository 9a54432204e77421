// Can this process run a program that exists only in memory? It runs itself with an argument.
#include "probe.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc > 1) return answer("memfd_exec", 0);
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  int copy = memfd_create("probe", MFD_CLOEXEC);
  if (self < 0 || copy < 0) return answer("memfd_exec create", -1);
  while (sendfile(copy, self, 0, 1 << 20) > 0) {
  }
  char* const arguments[] = {argv[0], "again", 0};
  char* const environment[] = {0};
  fexecve(copy, arguments, environment);
  return answer("memfd_exec", -1);
}
