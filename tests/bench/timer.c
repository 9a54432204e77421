// timer [--at-once] REPEAT COMMAND...: wall time, memory and CPU time of a command, REPEAT times. One line per run:
// microseconds, KiB of the largest process that it waited for, exit code, microseconds of CPU. Its output is thrown away.
// --at-once: all of them side by side; one line, from the first start to the last end.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static long long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

// Every "%" in an argument becomes the run's number, so that ids are new each time.
static void number_arguments(char** from, char** to, int count, const char* number) {
  for (int i = 0; i < count; i++) {
    const char* mark = strchr(from[i], '%');
    if (!mark || asprintf(&to[i], "%.*s%s%s", (int)(mark - from[i]), from[i], number, mark + 1) < 0) to[i] = from[i];
  }
  to[count] = 0;
}

static posix_spawn_file_actions_t quiet;

static pid_t start(char** command, int count, int run) {
  char* arguments[64];
  char number[32];
  pid_t child;
  snprintf(number, sizeof number, "%d-%d", getpid(), run);
  number_arguments(command, arguments, count, number);
  if (posix_spawnp(&child, arguments[0], &quiet, 0, arguments, environ)) {
    perror(arguments[0]);
    exit(1);
  }
  return child;
}

struct sum {
  long memory, cpu;
  int code;
};

static void add_end(struct sum* sum, pid_t child) {
  int status;
  struct rusage usage;
  wait4(child, &status, 0, &usage);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (code) sum->code = code;
  if (usage.ru_maxrss > sum->memory) sum->memory = usage.ru_maxrss;
  sum->cpu += (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int print(long long began, struct sum sum) {
  printf("%lld %ld %d %ld\n", now_us() - began, sum.memory, sum.code, sum.cpu);
  return sum.code != 0;
}

int main(int argc, char** argv) {
  int at_once = argc > 1 && !strcmp(argv[1], "--at-once");
  argv += at_once;
  argc -= at_once;
  if (argc < 3 || argc - 2 >= 64) {
    fputs("usage: timer [--at-once] REPEAT COMMAND...\n", stderr);
    return 2;
  }
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  int failures = 0, repeat = atoi(argv[1]);
  if (at_once) {
    struct sum sum = {0, 0, 0};
    long long began = now_us();
    for (int run = 0; run < repeat; run++) start(argv + 2, argc - 2, run);
    for (int run = 0; run < repeat; run++) add_end(&sum, -1);
    return print(began, sum);
  }
  for (int run = 0; run < repeat; run++) {
    struct sum sum = {0, 0, 0};
    long long began = now_us();
    add_end(&sum, start(argv + 2, argc - 2, run));
    failures += print(began, sum);
  }
  return failures ? 1 : 0;
}
