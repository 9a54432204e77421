// A directory of its own for one test.
#pragma once

#include <stdlib.h>

#include <string>

#include "runtime/base/file.h"

namespace nemoclaw {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char pattern[] = "/tmp/nemoclaw-test-XXXXXX";
    if (mkdtemp(pattern)) path_ = pattern;
  }
  ~TemporaryDirectory() { static_cast<void>(remove_tree(path_)); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace nemoclaw
