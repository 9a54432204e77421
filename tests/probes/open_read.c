// Can this process read PATH?
#include "probe.h"

#include <fcntl.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
  char byte;
  return answer("open_read", fd < 0 ? -1 : read(fd, &byte, 1));
}
