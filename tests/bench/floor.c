// floor ROOTFS CGROUP COMMAND...: about the system calls that a container costs, and nothing else: namespaces, the default
// mounts, pivot_root, one cgroup in three hierarchies, exec. What a runtime adds to this is its own.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void need(long result, const char* what) {
  if (result >= 0) return;
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  _exit(1);
}

static void mount_at(const char* type, const char* target, unsigned long flags, const char* data) {
  mkdir(target, 0755);
  need(mount(type, target, type, flags, data), target);
}

static void make_devices(void) {
  static const struct { const char* name; int minor; } devices[] = {
      {"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}};
  char path[64];
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
    snprintf(path, sizeof path, "dev/%s", devices[i].name);
    need(mknod(path, S_IFCHR | 0666, (dev_t)(1 << 8 | devices[i].minor)), path);
  }
}

static void enter_root(const char* root) {
  need(mount("", "/", 0, MS_REC | MS_PRIVATE, 0), "make / private");
  need(mount(root, root, 0, MS_BIND | MS_REC, 0), "bind root");
  need(chdir(root), "chdir root");
  mount_at("proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
  mount_at("tmpfs", "dev", MS_NOSUID, "mode=755,size=65536k");
  mount_at("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
  mount_at("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k");
  mount_at("mqueue", "dev/mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
  mount_at("sysfs", "sys", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, 0);
  make_devices();
  need(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  need(umount2(".", MNT_DETACH), "umount old root");
  need(chdir("/"), "chdir /");
}

static void join_cgroup(const char* hierarchy, const char* name, pid_t pid, int leave) {
  char path[512], text[16];
  snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s", hierarchy, name);
  if (leave) {
    rmdir(path);
    return;
  }
  if (mkdir(path, 0755) < 0 && errno != EEXIST) return;
  strncat(path, "/cgroup.procs", sizeof path - strlen(path) - 1);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  int length = snprintf(text, sizeof text, "%d", pid);
  if (fd >= 0 && write(fd, text, (size_t)length) < 0) fprintf(stderr, "floor: %s: %s\n", path, strerror(errno));
  close(fd);
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fputs("usage: floor ROOTFS CGROUP COMMAND...\n", stderr);
    return 2;
  }
  static const char* const hierarchies[] = {"memory", "pids", "devices"};
  int gate[2];
  need(pipe2(gate, O_CLOEXEC), "pipe");
  long child = syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);
  need(child, "clone");
  if (child == 0) {
    char byte;
    enter_root(argv[1]);
    need(read(gate[0], &byte, 1), "gate");
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    execvp(argv[3], argv + 3);
    need(-1, argv[3]);
  }
  for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++)
    join_cgroup(hierarchies[i], argv[2], (pid_t)child, 0);
  need(write(gate[1], "g", 1), "gate");
  int status;
  need(waitpid((pid_t)child, &status, 0), "wait");
  for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++) join_cgroup(hierarchies[i], argv[2], 0, 1);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
