#include "proxy/holder/record.h"

#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::holder {

std::string encode_record(const Record& record) {
  json::Writer writer;
  writer.begin_object();
  writer.member("state", record.state).member("worker", static_cast<int64_t>(record.worker));
  writer.member("restarts", record.restarts).member("last_end", record.last_end);
  writer.member("draining", record.draining).member("upgrades", record.upgrades);
  writer.member("upgrade", record.upgrade).end_object();
  return writer.take();
}

Result<Fd> open_record(const std::string& sandbox_directory) {
  return open_file(sandbox_directory + "/worker.json", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
}

// One write of one length: a reader never sees the end of an older, longer record.
void write_record(FdRef file, const Record& record) {
  constexpr size_t kLength = 4096;
  std::string text = encode_record(record);
  if (text.size() >= kLength) return;
  text.resize(kLength - 1, ' ');
  text += '\n';
  (void)!pwrite(file.raw(), text.data(), text.size(), 0);
}

}  // namespace nemoclaw::holder
