// Which descriptors beyond 0, 1 and 2 did this process inherit? One line each, with what it points to.
#include "probe.h"

#include <dirent.h>
#include <unistd.h>

int main(void) {
  DIR* directory = opendir("/proc/self/fd");
  if (!directory) return answer("open_fds", -1);
  int found = 0;
  for (struct dirent* entry; (entry = readdir(directory));) {
    int fd = atoi(entry->d_name);
    if (fd < 3 || fd == dirfd(directory)) continue;
    char path[300], target[512];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = 0;
    printf("open_fds: %d -> %s\n", fd, target);
    found++;
  }
  closedir(directory);
  if (!found) puts("open_fds: none");
  return found ? 0 : 1;
}
