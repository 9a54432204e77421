// Does a datagram to ADDRESS PORT leave, and does an answer or an error come back? The error shall be quick.
#include "probe.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct timeval limit = {.tv_sec = 3};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char buffer[64];
  if (connect(fd, (struct sockaddr*)&to, sizeof to) < 0 || send(fd, "probe", 5, 0) < 0) return answer("udp_send", -1);
  long got = recv(fd, buffer, sizeof buffer, 0);
  if (got < 0 && errno == EAGAIN) {
    puts("udp_send: silence");
    return 1;
  }
  return answer("udp_send", got);
}
