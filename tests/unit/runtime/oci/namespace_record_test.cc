#include "runtime/oci/namespace_record.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace nemoclaw::oci {
namespace {

TEST(NamespaceRecord, IsReadAsItWasWritten) {
  char pattern[] = "/tmp/namespace-record-XXXXXX";
  ASSERT_NE(mkdtemp(pattern), nullptr);
  const std::string directory = pattern;
  Result<NamespaceRecord> read = read_namespace_record(directory);
  ASSERT_TRUE(read);  // of an older version: unknown
  EXPECT_EQ(read->mount, 0u);
  const Result<NamespaceRecord> own = namespaces_of_process(getpid());
  ASSERT_TRUE(own);
  EXPECT_NE(own->mount, 0u);
  EXPECT_NE(own->user, own->mount);
  ASSERT_TRUE(write_namespace_record(directory, *own));
  read = read_namespace_record(directory);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->mount, own->mount);
  EXPECT_EQ(read->user, own->user);
  std::filesystem::remove_all(directory);
}

TEST(NamespaceRecord, WhatIsNotOneIsRefused) {
  for (const char* bad : {"", "{}", "[]", R"({"mount":1})", R"({"mount":0,"user":1})",
                          R"({"mount":-1,"user":1})", R"({"mount":"1","user":1})"})
    EXPECT_FALSE(decode_namespace_record(bad)) << bad;
}

}  // namespace
}  // namespace nemoclaw::oci
