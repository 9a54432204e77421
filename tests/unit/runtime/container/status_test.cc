#include "runtime/container/status.h"

#include <gtest/gtest.h>

namespace nemoclaw::container {
namespace {

using oci::Status;

struct Case {
  Signs signs;
  Status status;
};

TEST(Status, FollowsFromTheSigns) {
  const Case cases[] = {
      {{.init_alive = false}, Status::Stopped},
      {{.init_alive = false, .creating_socket = true}, Status::Stopped},
      {{.init_alive = false, .creating_socket = true, .locked_elsewhere = true}, Status::Creating},
      {{.init_alive = false, .start_socket = true, .locked_elsewhere = true}, Status::Stopped},
      {{.init_alive = true, .creating_socket = true}, Status::Creating},
      {{.init_alive = true, .start_socket = true}, Status::Created},
      {{.init_alive = true}, Status::Running},
      {{.init_alive = true, .frozen = true}, Status::Paused},
  };
  for (size_t i = 0; i < std::size(cases); ++i) EXPECT_EQ(status_from(cases[i].signs), cases[i].status) << i;
}

}  // namespace
}  // namespace nemoclaw::container
