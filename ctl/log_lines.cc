#include "ctl/log_lines.h"

#include "ctl/printable.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

std::string text_of(const json::Value* value) {
  if (!value) return "";
  if (value->is_string()) return printable(value->string, 1024);
  if (value->type == json::Type::Integer)
    return value->negative ? std::to_string(value->integer) : std::to_string(value->magnitude);
  return "";
}

std::string member(const json::Value& record, const char* name) { return text_of(record.find(name)); }

std::string member(const json::Value& record, const char* group, const char* name) {
  const json::Value* object = record.find(group);
  return object ? text_of(object->find(name)) : "";
}

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

std::string destination(const json::Value& record) {
  const std::string host = member(record, "dst", "host"), ip = member(record, "dst", "ip");
  std::string text = host.empty() ? or_dash(ip) : host;
  if (text.find(':') != std::string::npos) text = "[" + text + "]";
  text += ":" + or_dash(member(record, "dst", "port"));
  return host.empty() || ip.empty() || host == ip ? text : text + " (" + ip + ")";
}

const char* verdict(const json::Value& record) {
  constexpr int64_t kClose = 2;  // OCSF activity: the second line of a connection that was allowed
  const json::Value* activity = record.find("activity_id");
  if (activity && activity->integer == kClose) return "CLOSE";
  return member(record, "verdict") == "allow" ? "ALLOW" : "DENY ";
}

std::string explanation(const json::Value& record, const std::string& shown_verdict) {
  if (shown_verdict == "CLOSE")
    return "out " + or_dash(member(record, "bytes_out")) + " in " + or_dash(member(record, "bytes_in")) +
           " bytes";
  const std::string code = member(record, "code"), reason = member(record, "reason");
  if (code.empty() || reason.empty()) return code + reason;
  return code + ": " + reason;
}

std::string render_text(const json::Value& record) {
  const std::string shown_verdict = verdict(record);
  std::string line = or_dash(member(record, "time_rfc3339")) + " " + shown_verdict + " ";
  line += or_dash(member(record, "actor", "binary")) + " -> " + destination(record);
  const std::string proto = member(record, "proto"), via = member(record, "via");
  if (!proto.empty() && proto != "tcp") line += "/" + proto;
  line += "  " + or_dash(member(record, "entry"));
  if (const std::string rule_line = member(record, "rule_line"); !rule_line.empty() && rule_line != "0")
    line += " (line " + rule_line + ")";
  if (const std::string why = explanation(record, shown_verdict); !why.empty()) line += "  " + why;
  if (via == "bypass") line += "  (went around the proxy)";
  if (const std::string decision = member(record, "decision"); !decision.empty())
    line += "  [" + decision + "]";
  return line;
}

// JSON text has no raw control bytes below 0x20, but DEL and the C1 controls are legal in it, and a terminal
// obeys them. Outside of strings JSON is ASCII, so the escape is always inside one.
std::string escape_controls(std::string_view line) {
  std::string out;
  for (size_t at = 0; at < line.size(); ++at) {
    const auto byte = static_cast<unsigned char>(line[at]);
    const auto next = static_cast<unsigned char>(at + 1 < line.size() ? line[at + 1] : 0);
    if (byte == 0x7f) {
      out += "\\u007f";
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
      out += format("\\u%04x", next);
      ++at;
    } else {
      out += line[at];
    }
  }
  return out;
}

}  // namespace

std::string render_log_line(std::string_view line, LogFormat format) {
  const Result<json::Value> record = json::parse(line);
  const bool usable = record && record->type == json::Type::Object;
  if (format == LogFormat::Text)
    return usable ? render_text(*record) : "(not an audit record) " + printable(line, 1024);
  json::Writer writer;
  if (!usable) {
    writer.begin_object()
        .member("error", "not an audit record")
        .member("line", printable(line, 4096))
        .end_object();
    return writer.take();
  }
  return escape_controls(line);
}

bool LineBuffer::next(std::string& line) {
  const size_t end = pending_.find('\n');
  if (end == std::string::npos) return false;
  line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return true;
}

}  // namespace nemoclaw::ctl
