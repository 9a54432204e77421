#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/cli/verb.h"
#include "runtime/oci/spec_writer.h"

namespace nemoclaw::cli {

namespace {

Result<int> run(const Globals&, const Arguments& arguments) {
  const std::string file = arguments.value("bundle", ".") + "/config.json";
  const oci::Spec spec = oci::default_spec(arguments.flag("rootless"), geteuid(), getegid());
  const Result<Fd> fd = open_file(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
  if (!fd && fd.error().errno_value == EEXIST) return make_error("File config.json exists. Remove it first");
  if (!fd) return fd.error();
  TRY_CONTEXT(write_all(*fd, oci::encode_spec(spec, true) + "\n"), file);
  return 0;
}

constexpr Option kOptions[] = {
    {"bundle", 'b', Takes::Value, "directory that gets the config.json (default: the current one)"},
    {"rootless", 0, Takes::Nothing, "for a container that an ordinary user runs"},
};

}  // namespace

constinit const Verb kSpec = {
    .name = "spec",
    .arguments = "",
    .summary = "write a config.json to start from",
    .options = kOptions,
    .arguments_min = 0,
    .arguments_max = 0,
    .order = Order::Free,
    .run = run,
};

}  // namespace nemoclaw::cli
