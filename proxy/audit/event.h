// One line of the audit (docs/sandbox.md, "One audit line"), as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nemoclaw::audit {

enum class Activity : uint8_t { Open = 1, Close = 2, Fail = 4, Refuse = 5 };  // OCSF 4001 activity_id

struct Actor {
  int64_t pid = 0;  // 0: unknown
  std::optional<uint32_t> uid;
  std::string binary, sha256;
  std::vector<std::string> ancestors;
};

// Whose line it is: the container, and the policy that judged.
struct Subject {
  std::string container;
  std::string policy_name, policy_digest;
  uint64_t generation = 1;
};

struct Event {
  Activity activity = Activity::Refuse;
  std::string decision;
  Actor actor;
  std::string host;  // as asked for, canonical if it could be made so
  uint16_t port = 0;
  std::string ip;  // what was connected to, or the original destination
  std::string proto = "tcp";
  std::string via;  // "connect", "http", "captured", "bypass"
  bool allowed = false;
  std::string layer, code, entry, reason;
  uint32_t rule_line = 0;
  std::string method;  // of an http request; empty otherwise
  std::string path;    // of a request that was judged, without its query
  std::vector<std::string> secrets;  // that were put into the request, by name
  bool is_request = false;  // class 4002, one request of a connection
  bool would_deny = false;  // allowed only because the endpoint's enforcement is audit
  uint64_t bytes_out = 0, bytes_in = 0;
  uint64_t count = 0;              // of aggregated attempts; 0: not an aggregate
  std::optional<Subject> subject;  // of a pod's other containers; absent: the log's own
};

// Who writes: the sandbox, and its first container.
struct Origin {
  std::string sandbox;
  Subject subject;
};

// What is no decision: a finding (class 2004) or a change of the configuration (class 5019).
struct Notice {
  enum class Class : uint16_t { Finding = 2004, Configuration = 5019 };
  Class class_uid = Class::Finding;
  int severity = 3;  // OCSF severity_id
  std::string title, message;
  std::vector<std::pair<std::string, std::string>> details;
  std::optional<Subject> subject;  // absent: the log's own
};

// No line is longer: who goes on with the file finds the last one in its tail.
inline constexpr size_t kLineBytesMax = size_t{128} << 10;

// The line without its newline. `previous`: SHA-256 of the line before ("" for the first).
std::string render_event(const Event& event, const Origin& origin, int64_t time_ms, uint64_t sequence,
                         const std::string& previous);
std::string render_event(const Notice& notice, const Origin& origin, int64_t time_ms, uint64_t sequence,
                         const std::string& previous);

}  // namespace nemoclaw::audit
