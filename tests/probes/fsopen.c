// Does the new mount API answer?
#include "probe.h"

#include <sys/syscall.h>
#include <unistd.h>

int main(void) { return answer("fsopen", syscall(SYS_fsopen, "tmpfs", 0)); }
