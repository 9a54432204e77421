#include "proxy/audit/event.h"

#include <ctime>

#include "runtime/base/error.h"
#include "runtime/base/json.h"

namespace nemoclaw::audit {

namespace {

// One line follows the other within a second: only the milliseconds are new then.
std::string rfc3339(int64_t time_ms) {
  static thread_local time_t known = -1;
  static thread_local std::string text;
  if (const time_t seconds = time_ms / 1000; seconds != known) {
    tm parts = {};
    gmtime_r(&seconds, &parts);
    text = format("%04d-%02d-%02dT%02d:%02d:%02d.000Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                  parts.tm_hour, parts.tm_min, parts.tm_sec);
    known = seconds;
  }
  std::string made = text;
  auto left = static_cast<unsigned>(time_ms % 1000);
  for (size_t at = made.size() - 2; left > 0; left /= 10) made[at--] = static_cast<char>('0' + left % 10);
  return made;
}

constexpr size_t kTextBytesMax = 4096;  // a path of the file system; each byte may become six in JSON
constexpr size_t kNoticeBytesMax = 2048, kNameBytesMax = 512;

// The sandbox chooses paths, targets and names, and thereby what a line holds.
std::string_view bounded(std::string_view text, size_t bytes_max = kTextBytesMax) {
  return text.substr(0, bytes_max);
}

void write_actor(json::Writer& writer, const Actor& actor) {
  writer.key("actor").begin_object();
  if (actor.pid > 0) writer.member("pid", actor.pid);
  if (actor.uid) writer.member("uid", *actor.uid);
  writer.member("binary", bounded(actor.binary)).member("sha256", actor.sha256);
  writer.key("ancestors").begin_array();
  size_t left = kTextBytesMax;  // all of them together
  for (const std::string& ancestor : actor.ancestors) {
    const std::string_view shown = bounded(ancestor, left);
    writer.value(shown);
    left -= shown.size();
  }
  writer.end_array().end_object();
}

constexpr int kNetworkActivity = 4001, kHttpActivity = 4002;

// OCSF 4002 activity_id.
int http_activity(const std::string& method) {
  static constexpr const char* kMethods[] = {"CONNECT", "DELETE", "GET", "HEAD",
                                             "OPTIONS", "POST",   "PUT", "TRACE"};
  int number = 0;
  for (const char* known : kMethods) {
    ++number;
    if (method == known) return number;
  }
  return 99;
}

void write_subject(json::Writer& writer, const Origin& origin, const Subject& subject) {
  writer.member("sandbox", origin.sandbox).member("container", subject.container);
  writer.key("policy").begin_object();
  writer.member("name", subject.policy_name).member("digest", subject.policy_digest);
  writer.member("generation", subject.generation).end_object();
}

}  // namespace

std::string render_event(const Notice& notice, const Origin& origin, int64_t time_ms, uint64_t sequence,
                         const std::string& previous) {
  json::Writer writer;
  writer.begin_object()
      .member("class_uid", static_cast<unsigned>(notice.class_uid))
      .member("activity_id", 1)  // create
      .member("time", time_ms)
      .member("time_rfc3339", rfc3339(time_ms))
      .member("severity_id", notice.severity);
  write_subject(writer, origin, notice.subject ? *notice.subject : origin.subject);
  writer.member("title", notice.title).member("message", bounded(notice.message, kNoticeBytesMax));
  for (const auto& [key, value] : notice.details) writer.member(key, bounded(value, kNoticeBytesMax));
  writer.member("sequence", sequence).member("previous", previous).end_object();
  return writer.take();
}

std::string render_event(const Event& event, const Origin& origin, int64_t time_ms, uint64_t sequence,
                         const std::string& previous) {
  const Subject& subject = event.subject ? *event.subject : origin.subject;
  json::Writer writer;
  writer.begin_object()
      .member("class_uid", event.is_request ? kHttpActivity : kNetworkActivity)
      .member("activity_id",
              event.is_request ? http_activity(event.method) : static_cast<int>(event.activity))
      .member("time", time_ms)
      .member("time_rfc3339", rfc3339(time_ms))
      .member("severity_id", event.allowed ? 1 : 3)
      .member("disposition", event.allowed ? "Allowed" : "Blocked")
      .member("decision", event.decision);
  write_subject(writer, origin, subject);
  write_actor(writer, event.actor);
  writer.key("dst").begin_object();
  writer.member("host", bounded(event.host, kNameBytesMax))
      .member("port", static_cast<unsigned>(event.port))
      .member("ip", event.ip);
  writer.end_object();
  writer.member("proto", event.proto).member("via", event.via);
  if (!event.method.empty()) writer.member("method", bounded(event.method, kNameBytesMax));
  if (!event.path.empty()) writer.member("path", bounded(event.path));
  if (!event.secrets.empty()) writer.member("secrets", event.secrets);
  if (event.would_deny) writer.member("would_deny", true);
  writer.member("verdict", event.allowed ? "allow" : "deny")
      .member("layer", event.layer)
      .member("code", event.code)
      .member("entry", event.entry)
      .member("rule_line", event.rule_line)
      .member("reason", bounded(event.reason))
      .member("bytes_out", event.bytes_out)
      .member("bytes_in", event.bytes_in);
  if (event.count > 0) writer.member("count", event.count);
  writer.member("sequence", sequence).member("previous", previous).end_object();
  return writer.take();
}

}  // namespace nemoclaw::audit
