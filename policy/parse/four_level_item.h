// One item of the four-level list as it is written: what it allows and denies of programs, destinations,
// methods and paths.
#pragma once

#include <string>
#include <vector>

#include "policy/parse/keys.h"

namespace nemoclaw::policy {

// One text of a list, with its place.
struct Listed {
  std::string text;
  Location at;
};

struct Level {
  bool written = false;
  std::vector<Listed> allow, deny;
};

struct FourLevelItem {
  std::string name;
  Level binary, destination, method, path;
  Location at;
};

const Keys<FourLevelItem>& four_level_item_keys();

}  // namespace nemoclaw::policy
