// Can this process mount a file system on DIRECTORY? What it mounted is taken away at once: on a host it would hide files.
#include "probe.h"

#include <sys/mount.h>

int main(int argc, char** argv) {
  if (argc < 2) {
    fputs("mount: name a directory\n", stderr);
    return 2;
  }
  int result = mount("none", argv[1], "tmpfs", 0, 0);
  if (!result) umount2(argv[1], MNT_DETACH);
  return answer("mount", result);
}
