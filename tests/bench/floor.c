// floor ROOTFS CGROUP COMMAND...: what the default config.json asks of the kernel, and nothing else: namespaces, mounts,
// devices, masked and read-only paths, pivot_root, a cgroup in every v1 hierarchy with the device rules, capabilities, exec.
// Nothing is parsed, checked or recorded. What a runtime takes beyond this is its own.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

static const char* const masked[] = {"proc/acpi", "proc/asound", "proc/kcore", "proc/keys", "proc/latency_stats",
                                     "proc/timer_list", "proc/timer_stats", "proc/sched_debug", "sys/firmware", "proc/scsi"};
static const char* const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};

static void protect_paths(void) {
  struct stat status;
  for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
    if (stat(masked[i], &status) < 0) continue;
    if (S_ISDIR(status.st_mode))
      need(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, "nr_inodes=2"), masked[i]);
    else
      need(mount("/dev/null", masked[i], 0, MS_BIND, 0), masked[i]);
  }
  for (size_t i = 0; i < sizeof readonly / sizeof *readonly; i++) {
    if (mount(readonly[i], readonly[i], 0, MS_BIND | MS_REC, 0) < 0) continue;
    need(mount(0, readonly[i], 0, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0), readonly[i]);
  }
}

static void raise_loopback(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  need(ioctl(fd, SIOCSIFFLAGS, &request), "lo");
  close(fd);
}

static void enter_root(const char* root) {
  need(mount("", "/", 0, MS_REC | MS_PRIVATE, 0), "make / private");
  need(mount(root, root, 0, MS_BIND | MS_REC, 0), "bind root");
  need(chdir(root), "chdir root");
  need(sethostname("floor", 5), "hostname");
  raise_loopback();
  mount_at("proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
  mount_at("tmpfs", "dev", MS_NOSUID, "mode=755,size=65536k");
  mount_at("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
  mount_at("tmpfs", "dev/shm", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k");
  mount_at("mqueue", "dev/mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0);
  mount_at("sysfs", "sys", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, 0);
  make_devices();
  protect_paths();
  need(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  need(umount2(".", MNT_DETACH), "umount old root");
  need(chdir("/"), "chdir /");
}

static void drop_capabilities(void) {
  for (int number = 0; number < 41; number++)
    if (number != CAP_KILL && number != CAP_NET_BIND_SERVICE && number != CAP_AUDIT_WRITE)
      need(prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "bounding set");
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  unsigned kept = 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE | 1u << CAP_AUDIT_WRITE;
  struct __user_cap_data_struct sets[2] = {{kept, kept, kept}, {0, 0, 0}};
  need(syscall(SYS_capset, &header, sets), "capset");
}

static const char* const hierarchies[] = {"cpu",     "cpuacct", "cpuset", "memory",  "devices", "freezer",
                                          "blkio",   "pids",    "systemd", "hugetlb", "net_cls", "perf_event"};
enum { hierarchies_count = sizeof hierarchies / sizeof *hierarchies };
static const char* const device_rules[] = {"c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm",   "c 1:7 rwm", "c 1:8 rwm",
                                           "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 136:* rwm", "c 5:2 rwm"};

static void write_to(const char* hierarchy, const char* name, const char* file, const char* text) {
  char path[512];
  snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s/%s", hierarchy, name, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  need(write(fd, text, strlen(text)), path);
  close(fd);
}

// A cpuset that is new has no CPU and no memory node.
static void copy_down(const char* name, const char* file) {
  char path[512], text[128];
  snprintf(path, sizeof path, "/sys/fs/cgroup/cpuset/%s", file);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t length = read(fd, text, sizeof text - 1);
  need(length, path);
  text[length] = 0;
  close(fd);
  write_to("cpuset", name, file, text);
}

// Fills `tasks` with what the child moves itself by.
static void make_cgroups(const char* name, int* tasks) {
  char path[512];
  for (int i = 0; i < hierarchies_count; i++) {
    tasks[i] = -1;
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s", hierarchies[i], name);
    if (mkdir(path, 0755) < 0 && errno != EEXIST) continue;
    if (!strcmp(hierarchies[i], "cpuset")) {
      copy_down(name, "cpuset.cpus");
      copy_down(name, "cpuset.mems");
    }
    if (!strcmp(hierarchies[i], "devices")) {
      write_to("devices", name, "devices.deny", "a");
      for (size_t rule = 0; rule < sizeof device_rules / sizeof *device_rules; rule++)
        write_to("devices", name, "devices.allow", device_rules[rule]);
    }
    strncat(path, "/tasks", sizeof path - strlen(path) - 1);
    tasks[i] = open(path, O_WRONLY | O_CLOEXEC);
  }
}

static void remove_cgroups(const char* name) {
  char path[512];
  for (int i = 0; i < hierarchies_count; i++) {
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s", hierarchies[i], name);
    rmdir(path);
  }
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fputs("usage: floor ROOTFS CGROUP COMMAND...\n", stderr);
    return 2;
  }
  int tasks[hierarchies_count];
  make_cgroups(argv[2], tasks);
  long child = syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);
  need(child, "clone");
  if (child == 0) {
    for (int i = 0; i < hierarchies_count; i++)
      if (tasks[i] >= 0) need(write(tasks[i], "0", 1), hierarchies[i]);
    setsid();
    enter_root(argv[1]);
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    drop_capabilities();
    execvp(argv[3], argv + 3);
    need(-1, argv[3]);
  }
  int status;
  need(waitpid((pid_t)child, &status, 0), "wait");
  remove_cgroups(argv[2]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
