#include "policy/select/revisions.h"

#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "runtime/base/file.h"
#include "runtime/base/ids.h"
#include "runtime/base/json.h"

namespace nemoclaw::policy {
namespace {

constexpr size_t kFileBytesMax = size_t{4} << 20;

std::optional<uint64_t> number_of(std::string_view text) {
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

std::string file_of(const std::string& directory, uint64_t number) {
  return directory + "/" + std::to_string(number) + ".json";
}

std::string text_of(const json::Value& root, std::string_view key) {
  const json::Value* value = root.find(key);
  return value && value->is_string() ? value->string : std::string();
}

Result<Revision> read_one(const std::string& directory, uint64_t number) {
  const std::string file = file_of(directory, number);
  const std::string content = TRY(read_file(file, kFileBytesMax));
  const json::Value root = TRY_CONTEXT(json::parse(content), file);
  Revision revision;
  revision.number = number;
  for (const auto& [key, target] : {std::pair{"name", &revision.name},
                                    {"digest", &revision.digest},
                                    {"author", &revision.author},
                                    {"reason", &revision.reason},
                                    {"time", &revision.time},
                                    {"text", &revision.text}})
    *target = text_of(root, key);
  return revision;
}

Result<uint64_t> current_number(const std::string& directory) {
  const Result<std::string> text = read_file(directory + "/current", 64);
  if (!text && text.error().errno_value == ENOENT) return uint64_t{0};
  if (!text) return text.error();
  const std::optional<uint64_t> number = number_of(std::string_view(*text).substr(0, text->find('\n')));
  if (!number) return make_error(directory + "/current: not the number of a revision");
  return *number;
}

}  // namespace

std::string revisions_directory(const std::string& state_directory, const std::string& id) {
  return state_directory + "/sandboxes/" + id;
}

Result<Fd> lock_revisions(const std::string& directory) {
  TRY(make_directories(directory, 0700));
  Fd lock = TRY(open_file(directory, O_RDONLY | O_DIRECTORY));
  while (flock(lock.raw(), LOCK_EX) != 0)
    if (errno != EINTR) return errno_error("lock " + directory);
  return lock;
}

Result<std::vector<Revision>> read_revisions(const std::string& directory) {
  std::vector<Revision> revisions;
  const Result<std::vector<std::string>> names = list_directory(directory);
  if (!names && names.error().errno_value == ENOENT) return revisions;
  if (!names) return names.error();
  const uint64_t current = TRY(current_number(directory));
  for (const std::string& name : *names) {
    if (!name.ends_with(".json")) continue;
    const std::optional<uint64_t> number = number_of(std::string_view(name).substr(0, name.size() - 5));
    if (!number || *number > current) continue;
    revisions.push_back(TRY(read_one(directory, *number)));
    revisions.back().current = *number == current;
  }
  std::sort(revisions.begin(), revisions.end(),
            [](const Revision& one, const Revision& other) { return one.number < other.number; });
  return revisions;
}

Result<std::optional<Revision>> read_current_revision(const std::string& directory) {
  const uint64_t number = TRY(current_number(directory));
  if (number == 0) return std::optional<Revision>();
  Revision revision = TRY(read_one(directory, number));
  revision.current = true;
  return std::optional<Revision>(std::move(revision));
}

Result<std::optional<Revision>> read_revision(const std::string& directory, uint64_t number) {
  return std::optional<Revision>(TRY(read_one(directory, number)));
}

Result<void> write_revision(const std::string& directory, const Revision& revision) {
  json::Writer writer(true);
  writer.begin_object().member("revision", revision.number).member("name", revision.name);
  writer.member("digest", revision.digest)
      .member("author", revision.author)
      .member("reason", revision.reason);
  writer.member("time", revision.time).member("text", revision.text).end_object();
  return write_file_atomic(file_of(directory, revision.number), writer.take() + "\n", 0600);
}

Result<void> make_current(const std::string& directory, uint64_t number) {
  return write_file_atomic(directory + "/current", std::to_string(number) + "\n", 0600);
}

void remove_revision(const std::string& directory, uint64_t number) {
  (void)unlink(file_of(directory, number).c_str());
}

Result<void> write_anchor(const std::string& directory, const SandboxAnchor& anchor) {
  return write_file_atomic(directory + "/anchor", anchor.path + "\n", 0600);
}

void prune_revisions(const std::string& state_directory, const std::string& run_directory) {
  const Result<std::vector<std::string>> names = list_directory(state_directory + "/sandboxes");
  if (!names) return;
  for (const std::string& name : *names) {
    if (!check_container_id(name) || file_exists(run_directory + "/" + name)) continue;
    const std::string directory = revisions_directory(state_directory, name);
    Result<std::string> anchor = read_file(directory + "/anchor", 8192);
    if (!anchor) continue;
    while (!anchor->empty() && anchor->back() == '\n') anchor->pop_back();
    if (anchor->empty() || file_exists(*anchor)) continue;
    (void)remove_tree(directory);
  }
}

}  // namespace nemoclaw::policy
