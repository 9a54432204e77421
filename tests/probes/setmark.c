// Can this process give a socket the mark that lets the proxy through the fence?
#include "probe.h"

#include <sys/socket.h>

int main(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unsigned mark = 0x4e43;
  return answer("setmark", setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark));
}
