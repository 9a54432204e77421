// Does this process see anything of the proxy: a process that is not its own, a socket, an abstract name, a file?
// Arguments are host paths (the control socket, the sandbox directory) that must not be reachable from here.
#include "probe.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int found;

static void look_at_process(const char* pid) {
  char path[300], text[512] = "";
  snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
  FILE* file = fopen(path, "re");
  if (!file) return;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  for (size_t i = 0; i + 1 < length; i++)
    if (!text[i]) text[i] = ' ';
  // Our own arguments may carry the words that we look for.
  if (atoi(pid) == getpid() || atoi(pid) == 1 || !strstr(text, "nemoclaw-proxy")) return;
  printf("see_proxy: process %s: %s\n", pid, text);
  found++;
}

static void look_for_listeners(const char* table) {
  FILE* file = fopen(table, "re");
  char line[512];
  if (!file) return;
  while (fgets(line, sizeof line, file))
    if (strstr(line, "nemoclaw") || strstr(line, "control.sock")) {
      printf("see_proxy: %s: %s", table, line);
      found++;
    }
  fclose(file);
}

static void try_path(const char* path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
  if (!connect(fd, (struct sockaddr*)&name, sizeof name) || !access(path, F_OK)) {
    printf("see_proxy: %s is there\n", path);
    found++;
  }
  close(fd);
}

int main(int argc, char** argv) {
  DIR* proc = opendir("/proc");
  for (struct dirent* entry; proc && (entry = readdir(proc));)
    if (isdigit((unsigned char)entry->d_name[0])) look_at_process(entry->d_name);
  if (proc) closedir(proc);
  look_for_listeners("/proc/net/unix");
  for (int i = 1; i < argc; i++) try_path(argv[i]);
  if (!found) puts("see_proxy: none");
  return found ? 0 : 1;
}
