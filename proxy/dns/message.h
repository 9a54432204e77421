// DNS messages (RFC 1035, 6891), as far as a resolver for one sandbox needs them. Pure; every length is
// checked, and a compressed name may only point backwards and only so often.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::dns {

enum Type : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kOpt = 41,
  kSvcb = 64,
  kHttps = 65,
  kAny = 255
};
enum class Rcode : uint8_t {
  NoError = 0,
  FormErr = 1,
  ServFail = 2,
  NxDomain = 3,
  NotImp = 4,
  Refused = 5,
  BadVers = 16
};

struct Query {
  uint16_t id = 0;
  bool recursion_desired = false, checking_disabled = false;
  std::string question;  // as it came, letter for letter: it is what the answer repeats
  std::string name;      // dotted, without the last dot, as written; bytes that no host name has are "\DDD"
  uint16_t type = 0, klass = 1;
  bool has_edns = false;
  uint16_t udp_bytes = 512;  // what the client takes over UDP
};

// A message that is not a query that we answer. Without an id it is thrown away: it is none, or an answer.
struct BadQuery {
  std::optional<uint16_t> id;
  Rcode rcode = Rcode::FormErr;
};

std::variant<Query, BadQuery> parse_query(std::string_view message);

// "A", "AAAA", "TXT" ... or "TYPE99".
std::string type_name(uint16_t type);

struct Record {
  uint16_t type = 0;
  uint32_t ttl_s = 0;
  std::string data;
};

struct Answer {
  Rcode rcode = Rcode::NoError;
  std::vector<Record> records;  // all of them belong to the name that was asked for
  uint32_t negative_ttl_s = 0;  // of an answer without records: for how long that may be believed
  bool is_prohibited = false;   // refused by the policy (RFC 8914, code 18), for clients that can read it
};

// Cut to the header with TC set if it is longer than `bytes_max`.
std::string render_answer(const Query& query, const Answer& answer, size_t bytes_max);
std::string render_bad(const BadQuery& bad);

// Records of one type of an answer's answer section, the names in their data uncompressed.
Result<std::vector<Record>> parse_records(std::string_view message, uint16_t type);

}  // namespace nemoclaw::dns
