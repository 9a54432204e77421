// Many clients of a proxy at once, in one process.
//   storm clients PORT HOST:PORT CLIENTS SECONDS [HOLD]   each again and again: CONNECT through 127.0.0.1:PORT, a
//                                                         word to the origin and back, HOLD seconds (about) of
//                                                         silence, close. Prints what became of them.
//   storm origin ADDRESS PORT                             says every word back; prints, when it is told to end, how
//                                                         many connections said one.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { IDLE, CONNECTING, ASKED, TALKING, HOLDING };

struct client {
  int fd;
  enum state state;
  char answer[1024];
  int length;
  double due;  // when it begins again, or gives up
};

static volatile sig_atomic_t ending;
static void end(int number) { (void)number, ending = 1; }

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct sockaddr_in address_of(const char* ip, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  inet_pton(AF_INET, ip, &address.sin_addr);
  return address;
}

static long served, dropped, refused, failed, cut, begun;
static double patience = 30, hold;

static void over(struct client* client, long* counter) {
  if (client->fd >= 0) close(client->fd);
  client->fd = -1;
  client->state = IDLE;
  client->length = 0;
  client->due = now() + 0.2 + (double)(rand() % 1000) / 1000;
  if (counter) ++*counter;
}

static double about(double seconds) { return seconds * (0.5 + (double)(rand() % 1000) / 1000); }

static void begin(struct client* client, int epoll, int port) {
  struct sockaddr_in proxy = address_of("127.0.0.1", port);
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  ++begun;
  if (client->fd < 0) return over(client, &cut);
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
  epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event);
  client->state = CONNECTING;
  client->due = now() + patience;
  if (connect(client->fd, (struct sockaddr*)&proxy, sizeof proxy) != 0 && errno != EINPROGRESS) over(client, &cut);
}

static void step(struct client* client, int epoll, const char* target) {
  char text[512];
  if (client->state == CONNECTING) {
    int length = snprintf(text, sizeof text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target);
    if (send(client->fd, text, (size_t)length, MSG_NOSIGNAL) != length) return over(client, &cut);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    epoll_ctl(epoll, EPOLL_CTL_MOD, client->fd, &event);
    client->state = ASKED;
    return;
  }
  ssize_t got = recv(client->fd, client->answer + client->length, sizeof client->answer - 1 - (size_t)client->length, 0);
  if (got <= 0) return over(client, client->state == HOLDING ? &dropped : &cut);
  client->length += (int)got;
  client->answer[client->length] = 0;
  if (client->state == TALKING) {
    if (strcmp(client->answer, "word\n") != 0) return over(client, &cut);
    ++served;
    client->state = HOLDING;
    client->due = now() + about(hold);
    return;
  }
  if (!strstr(client->answer, "\r\n\r\n")) return;
  if (strncmp(client->answer, "HTTP/1.1 403", 12) == 0) return over(client, &refused);
  if (strncmp(client->answer, "HTTP/1.1 200", 12) != 0) return over(client, &failed);
  if (send(client->fd, "word\n", 5, MSG_NOSIGNAL) != 5) return over(client, &cut);
  client->state = TALKING;
  client->length = 0;
}

static int run_clients(int port, const char* target, int count, double seconds) {
  struct client* clients = calloc((size_t)count, sizeof *clients);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  double started = now();
  srand((unsigned)getpid());
  for (int i = 0; i < count; ++i) clients[i].fd = -1, clients[i].due = started + about(hold);
  if (seconds < patience) patience = seconds;
  while (!ending && now() < started + seconds) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 20);
    for (int i = 0; i < ready; ++i) {
      struct client* client = events[i].data.ptr;
      if (client->fd >= 0) step(client, epoll, target);
    }
    double time = now();
    for (int i = 0; i < count; ++i)
      if (clients[i].due <= time) {
        if (clients[i].state == IDLE)
          begin(&clients[i], epoll, port);
        else
          over(&clients[i], clients[i].state == HOLDING ? NULL : &cut);
      }
  }
  printf("begun %ld served %ld dropped %ld refused %ld failed %ld cut %ld\n", begun, served, dropped, refused, failed, cut);
  return 0;
}

static int run_origin(const char* ip, int port) {
  struct sockaddr_in address = address_of(ip, port);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, epoll = epoll_create1(EPOLL_CLOEXEC);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 4096) != 0) return perror("listen"), 1;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  static char spoken[65536];
  long words = 0, connections = 0;
  puts("ready");
  fflush(stdout);
  while (!ending) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 1000);
    for (int i = 0; i < ready; ++i) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted < 0 || accepted >= (int)sizeof spoken) continue;
        spoken[accepted] = 0;
        ++connections;
        event.data.fd = accepted;
        epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event);
        continue;
      }
      char text[4096];
      ssize_t got = recv(fd, text, sizeof text, 0);
      if (got <= 0) {
        close(fd);
        continue;
      }
      if (!spoken[fd]) ++words;
      spoken[fd] = 1;
      if (send(fd, text, (size_t)got, MSG_NOSIGNAL) != got) close(fd);
    }
  }
  printf("connections %ld words %ld\n", connections, words);
  return 0;
}

int main(int argc, char** argv) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  if (argc == 7) hold = atof(argv[6]);
  if ((argc == 6 || argc == 7) && strcmp(argv[1], "clients") == 0)
    return run_clients(atoi(argv[2]), argv[3], atoi(argv[4]), atof(argv[5]));
  if (argc == 4 && strcmp(argv[1], "origin") == 0) return run_origin(argv[2], atoi(argv[3]));
  fprintf(stderr, "usage: storm clients PORT HOST:PORT CLIENTS SECONDS [HOLD] | storm origin ADDRESS PORT\n");
  return 2;
}
