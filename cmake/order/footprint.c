// footprint ADDRESSES OUTPUT COMMAND...: executes a command with a breakpoint at each of the addresses (a file, hexadecimal,
// one per line: the functions of a program that is not position-independent), in its children too while they are the same
// program, and appends those that were reached to OUTPUT.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { addresses_max = 65536 };
static unsigned long addresses[addresses_max];
static unsigned char original[addresses_max], reached[addresses_max];
static int count;
static struct stat program;

static int open_memory(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  return open(path, O_RDWR | O_CLOEXEC);
}

static int is_program(pid_t pid) {
  char path[64];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  return stat(path, &status) == 0 && status.st_ino == program.st_ino && status.st_dev == program.st_dev;
}

// What was reached needs no breakpoint any more.
static void set_breakpoints(pid_t pid) {
  int memory = open_memory(pid);
  for (int i = 0; i < count; i++) {
    if (pread(memory, &original[i], 1, (off_t)addresses[i]) != 1) continue;
    if (!reached[i] && pwrite(memory, "\xcc", 1, (off_t)addresses[i]) != 1) perror("breakpoint");
  }
  close(memory);
}

static int find(unsigned long address) {
  int low = 0, high = count - 1;
  while (low <= high) {
    int middle = (low + high) / 2;
    if (addresses[middle] == address) return middle;
    if (addresses[middle] < address) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

// True if the process stands behind one of our breakpoints: it is taken away and the instruction is done again.
static int take_breakpoint(pid_t pid, FILE* output) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, 0, &registers) != 0) return 0;
  int at = find(registers.rip - 1);
  if (at < 0) return 0;
  int memory = open_memory(pid);
  if (pwrite(memory, &original[at], 1, (off_t)addresses[at]) != 1) perror("breakpoint");
  close(memory);
  registers.rip--;
  ptrace(PTRACE_SETREGS, pid, 0, &registers);
  if (!reached[at]) fprintf(output, "%lx\n", addresses[at]);
  reached[at] = 1;
  return 1;
}

static int follow(pid_t first, FILE* output) {
  int status, code = 1;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) {
      if (pid == first) code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
      continue;
    }
    int number = WSTOPSIG(status);
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
      if (!is_program(pid)) {
        ptrace(PTRACE_DETACH, pid, 0, 0);
        continue;
      }
      set_breakpoints(pid);
      number = 0;
    } else if (number == SIGSTOP || status >> 16 || (number == SIGTRAP && take_breakpoint(pid, output))) {
      number = 0;
    }
    ptrace(PTRACE_CONT, pid, 0, number);
  }
  return code;
}

int main(int argc, char** argv) {
  FILE* input = argc > 3 ? fopen(argv[1], "r") : 0;
  FILE* output = argc > 3 ? fopen(argv[2], "a") : 0;
  if (!input || !output || stat(argv[3], &program) != 0) {
    fputs("usage: footprint ADDRESSES OUTPUT COMMAND...\n", stderr);
    return 2;
  }
  while (count < addresses_max && fscanf(input, "%lx", &addresses[count]) == 1) count++;
  pid_t first = fork();
  if (first == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execv(argv[3], argv + 3);
    _exit(127);
  }
  waitpid(first, 0, 0);
  ptrace(PTRACE_SETOPTIONS, first, 0,
         PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
  ptrace(PTRACE_CONT, first, 0, 0);
  int code = follow(first, output);
  return fclose(output) == 0 ? code : 1;
}
