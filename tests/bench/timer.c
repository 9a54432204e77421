// timer REPEAT COMMAND...: wall time and peak memory of a command, REPEAT times. One line per run: microseconds, KiB of
// the largest process that it waited for, exit code. The command's output is thrown away.
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

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: timer REPEAT COMMAND...\n", stderr);
    return 2;
  }
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  int failures = 0;
  for (int run = 0; run < atoi(argv[1]); run++) {
    char* arguments[64];
    char number[32];
    if (argc - 2 >= 64) return 2;
    snprintf(number, sizeof number, "%d-%d", getpid(), run);
    number_arguments(argv + 2, arguments, argc - 2, number);
    long long start = now_us();
    pid_t child;
    if (posix_spawnp(&child, arguments[0], &quiet, 0, arguments, environ)) {
      perror(arguments[0]);
      return 1;
    }
    int status;
    struct rusage usage;
    wait4(child, &status, 0, &usage);
    long long elapsed = now_us() - start;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    printf("%lld %ld %d\n", elapsed, usage.ru_maxrss, code);
    failures += code != 0;
  }
  return failures ? 1 : 0;
}
