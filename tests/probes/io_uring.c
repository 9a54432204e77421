// Can this process set up an io_uring?
#include "probe.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  struct io_uring_params parameters;
  memset(&parameters, 0, sizeof parameters);
  return answer("io_uring", syscall(SYS_io_uring_setup, 4, &parameters));
}
