// A connection that one program makes and another one holds: hand_over HOW HOST:PORT PROGRAM [ARGUMENT...]
//   exec   asks the proxy for HOST:PORT and becomes PROGRAM
//   give   asks, starts PROGRAM with the connection, and ends
//   share  starts PROGRAM with the connection, asks, and prints the first line of the answer
#include "probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void become(char** arguments) {
  execvp(arguments[0], arguments);
  _exit(127);
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(3128), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval limit = {.tv_sec = 10};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(fd, (struct sockaddr*)&to, sizeof to) < 0) return answer("hand_over", -1);
  const int shares = strcmp(argv[1], "share") == 0;
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) < 0) return answer("hand_over", -1);
  if (shares) {
    if (fork() == 0) become(argv + 3);
    char byte;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 0) return 1;  // it has executed the program
  }
  if (dprintf(fd, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", argv[2], argv[2]) < 0) return answer("hand_over", -1);
  if (strcmp(argv[1], "give") == 0 && fork() != 0) return 0;
  if (!shares) become(argv + 3);
  char line[64] = "";
  if (recv(fd, line, sizeof line - 1, 0) < 0) return answer("hand_over", -1);
  line[strcspn(line, "\r\n")] = 0;
  printf("hand_over: %s\n", line);
  return 0;
}
