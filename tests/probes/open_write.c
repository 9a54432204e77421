// Can this process create or open PATH for writing?
#include "probe.h"

#include <fcntl.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  int fd = open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  return answer("open_write", fd < 0 ? -1 : write(fd, "x", 1));
}
