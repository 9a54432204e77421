// Can this process make a mount namespace?
#include "probe.h"

#include <sched.h>

int main(void) { return answer("unshare", unshare(CLONE_NEWNS)); }
