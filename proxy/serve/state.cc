#include "proxy/serve/state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"

namespace nemoclaw::serve {

namespace {

constexpr size_t kBytesMax = size_t{64} << 20, kNameBytesMax = size_t{4} << 20;

std::string text_of(const json::Value& record, std::string_view name) {
  const json::Value* member = record.find(name);
  return member && member->is_string() ? member->string : std::string();
}

uint64_t number_of(const json::Value& record, std::string_view name) {
  const json::Value* member = record.find(name);
  return member && member->type == json::Type::Integer ? member->magnitude : 0;
}

void take_policy(const json::Value& record, Remembered& remembered) {
  Remembered::Policy policy;
  policy.container = text_of(record, "container");
  policy.revision = number_of(record, "revision");
  policy.generation = number_of(record, "generation");
  policy.aliases = read_aliases(record);
  std::erase_if(remembered.policies,
                [&](const Remembered::Policy& each) { return each.container == policy.container; });
  remembered.policies.push_back(std::move(policy));
}

Result<void> take_line(std::string_view line, Remembered& remembered) {
  const json::Value record = TRY(json::parse(line));
  const std::string kind = text_of(record, "kind");
  if (kind == "start") {
    StartInput start{text_of(record, "resolv_conf"), text_of(record, "hosts"), text_of(record, "container")};
    if (start.container.empty())
      remembered.start = std::move(start);
    else
      remembered.joined_starts.push_back(std::move(start));
  } else if (kind == "trust") {
    remembered.trusted.push_back(
        {text_of(record, "container"), text_of(record, "path"), text_of(record, "digest")});
  } else if (kind == "binaries") {
    remembered.binaries = text_of(record, "binaries");
  } else if (kind == "authority") {
    remembered.authority = text_of(record, "secret");
  } else if (kind == "policy") {
    take_policy(record, remembered);
  } else if (kind == "name") {
    remembered.names.push_back({text_of(record, "address"), text_of(record, "name"),
                                static_cast<int64_t>(number_of(record, "until_ms"))});
  } else {
    return make_error("a record of an unknown kind " + quoted(kind, 40));
  }
  return {};
}

Result<void> append(const Fd& file, json::Writer& writer) {
  return write_all(file, writer.end_object().take() + "\n");
}

json::Writer record_of(std::string_view kind) {
  json::Writer writer;
  writer.begin_object().member("kind", std::string(kind));
  return writer;
}

}  // namespace

std::vector<policy::BinaryAlias> read_aliases(const json::Value& record) {
  std::vector<policy::BinaryAlias> aliases;
  const json::Value* list = record.find("aliases");
  if (!list || list->type != json::Type::Array) return aliases;
  for (const json::Value& each : list->array)
    aliases.push_back({text_of(each, "named"), text_of(each, "resolved")});
  return aliases;
}

Result<Remembered> parse_state(std::string_view text) {
  Remembered remembered;
  size_t number = 0;
  for (size_t end; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1))
    TRY_CONTEXT(take_line(text.substr(0, end), remembered),
                format("state of the workers, line %zu", ++number));
  return remembered;
}

Result<Remembered> State::read() const {
  struct stat status;
  if (fstat(file_.raw(), &status) != 0) return errno_error("state of the workers");
  if (status.st_size < 0 || static_cast<size_t>(status.st_size) > kBytesMax)
    return make_error("state of the workers: too large");
  std::string text(static_cast<size_t>(status.st_size), '\0');
  for (size_t used = 0; used < text.size();) {
    const ssize_t got = pread(file_.raw(), text.data() + used, text.size() - used, static_cast<off_t>(used));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return errno_error("state of the workers");
    used += static_cast<size_t>(got);
  }
  return parse_state(text);
}

Result<void> State::remember_start(const StartInput& start) {
  json::Writer writer = record_of("start");
  writer.member("resolv_conf", start.resolv_conf).member("hosts", start.hosts);
  if (!start.container.empty()) writer.member("container", start.container);
  return append(file_, writer);
}

Result<void> State::remember_trust(const std::string& container, const std::string& path,
                                   const std::string& digest) {
  json::Writer writer = record_of("trust");
  writer.member("container", container).member("path", path).member("digest", digest);
  return append(file_, writer);
}

Result<void> State::remember_authority(const std::string& secret) {
  json::Writer writer = record_of("authority");
  writer.member("secret", secret);
  return append(file_, writer);
}

Result<void> State::remember_policy(const Remembered::Policy& policy) {
  json::Writer writer = record_of("policy");
  writer.member("container", policy.container);
  writer.member("revision", policy.revision).member("generation", policy.generation);
  writer.key("aliases").begin_array();
  for (const policy::BinaryAlias& each : policy.aliases)
    writer.begin_object().member("named", each.named).member("resolved", each.resolved).end_object();
  writer.end_array();
  return append(file_, writer);
}

Result<void> State::remember_binaries(const std::string& binaries) {
  json::Writer writer = record_of("binaries");
  writer.member("binaries", binaries);
  return append(file_, writer);
}

void State::remember_name(const Remembered::Name& name) {
  json::Writer writer = record_of("name");
  writer.member("address", name.address).member("name", name.name).member("until_ms", name.until_ms);
  name_bytes_ += name.address.size() + name.name.size() + 64;
  if (name_bytes_ > kNameBytesMax) return;
  if (const Result<void> written = append(file_, writer); !written)
    log::warning("state of the workers: " + written.error().message);
}

}  // namespace nemoclaw::serve
