#include "runtime/container/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace nemoclaw::container {
namespace {

struct Case {
  const char* text;
  int number;  // -1: refused
};

constexpr Case kCases[] = {
    {"TERM", SIGTERM},
    {"SIGTERM", SIGTERM},
    {"term", SIGTERM},
    {"sigKill", SIGKILL},
    {"9", 9},
    {"15", 15},
    {"64", 64},
    {"1", 1},
    {"USR1", SIGUSR1},
    {"CLD", SIGCHLD},
    {"IOT", SIGABRT},
    {"POLL", SIGIO},
    {"RTMIN", 34},
    {"SIGRTMIN+3", 37},
    {"rtmax", 64},
    {"RTMAX-1", 63},
    {"RTMAX-30", 34},
    {"RTMAX-31", -1},
    {"RTMIN+31", -1},
    {"RTMIN-1", -1},
    {"RTMIN+", -1},
    {"RTMAX+1", -1},
    {"0", 0},
    {"65", -1},
    {"-9", -1},
    {"", -1},
    {"SIG", -1},
    {"SIGSIGTERM", -1},
    {"9 ", -1},
    {"TERMS", -1},
    {"99999999999", -1},
};

TEST(Signals, NamesAndNumbers) {
  for (const Case& each : kCases) {
    const Result<int> signal = parse_signal(each.text);
    EXPECT_EQ(signal.has_value() ? *signal : -1, each.number) << each.text;
  }
}

TEST(Signals, AnUnknownOneIsNamed) {
  EXPECT_NE(parse_signal("FOO").error().message.find("unknown signal 'FOO'"), std::string::npos);
}

}  // namespace
}  // namespace nemoclaw::container
