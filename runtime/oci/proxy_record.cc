#include "runtime/oci/proxy_record.h"

#include <sys/stat.h>

#include <limits>

#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/procfs.h"

namespace nemoclaw::oci {

std::string encode_proxy_record(const ProxyRecord& record) {
  json::Writer writer;
  writer.begin_object();
  writer.member("pid", static_cast<int64_t>(record.pid)).member("start_time", record.start_time);
  writer.member("cgroups", record.cgroups).member("net_namespace", record.net_namespace);
  writer.member("fence", record.fence).member("connects", uint64_t{record.connects}).end_object();
  return writer.take() + "\n";
}

Result<ProxyRecord> decode_proxy_record(std::string_view text) {
  const json::Value root = TRY(json::parse(text, {.bytes_max = 65536}));
  const json::Value* pid = root.find("pid");
  const json::Value* start_time = root.find("start_time");
  if (!pid || pid->type != json::Type::Integer || pid->integer <= 0 ||
      pid->integer > std::numeric_limits<pid_t>::max())
    return make_error("pid: expected a process id");
  if (!start_time || start_time->type != json::Type::Integer || start_time->negative)
    return make_error("start_time: expected a number of clock ticks");
  ProxyRecord record{.pid = static_cast<pid_t>(pid->integer), .start_time = start_time->magnitude};
  if (const json::Value* cgroups = root.find("cgroups"))
    for (const json::Value& each : cgroups->array) record.cgroups.push_back(each.string);
  if (const json::Value* identity = root.find("net_namespace")) record.net_namespace = identity->string;
  if (const json::Value* fence = root.find("fence")) record.fence = fence->string;
  if (const json::Value* map = root.find("connects"); map && map->type == json::Type::Integer && !map->negative &&
                                                      map->magnitude <= std::numeric_limits<uint32_t>::max())
    record.connects = static_cast<uint32_t>(map->magnitude);
  return record;
}

Result<std::optional<ProxyRecord>> read_proxy_record(const std::string& sandbox_directory) {
  const std::string file = sandbox_directory + "/proxy.json";
  Result<std::string> text = read_file(file, 65536);
  if (!text && text.error().errno_value == ENOENT) return std::optional<ProxyRecord>();
  if (!text) return std::move(text).error();
  return std::optional<ProxyRecord>(TRY_CONTEXT(decode_proxy_record(*text), file));
}

Result<void> write_proxy_record(const std::string& sandbox_directory, const ProxyRecord& record) {
  return write_file_atomic(sandbox_directory + "/proxy.json", encode_proxy_record(record), 0600);
}

std::string find_live_sandbox(const std::string& run_directory, const std::string& net_namespace) {
  const Result<std::vector<std::string>> names = list_directory(run_directory);
  if (!names) return "";
  for (const std::string& name : *names) {
    const Result<std::optional<ProxyRecord>> record = read_proxy_record(run_directory + "/" + name);
    if (!record || !record->has_value() || (*record)->net_namespace != net_namespace) continue;
    if (procfs::is_alive((*record)->pid, (*record)->start_time)) return name;
  }
  return "";
}

Result<std::string> namespace_identity(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return errno_error("namespace " + quoted(path));
  return format("%llu:%llu", static_cast<unsigned long long>(info.st_dev),
                static_cast<unsigned long long>(info.st_ino));
}

}  // namespace nemoclaw::oci
