#include "proxy/dns/message.h"

#include <algorithm>

#include "proxy/dns/wire.h"

namespace nemoclaw::dns {

namespace {

constexpr size_t kHeaderBytes = 12;
constexpr uint16_t kResponse = 0x8000, kTruncated = 0x0200, kRecursionDesired = 0x0100,
                   kRecursionAvailable = 0x0080, kCheckingDisabled = 0x0010;
constexpr uint16_t kOwnUdpBytes = 1232;  // what fits every path (DNS flag day 2020)
constexpr uint16_t kExtendedError = 15, kProhibited = 18;

struct Header {
  uint16_t id, flags, questions, answers, authorities, additionals;
};

Header read_header(WireReader& reader) {
  Header header;
  header.id = reader.u16();
  header.flags = reader.u16();
  header.questions = reader.u16();
  header.answers = reader.u16();
  header.authorities = reader.u16();
  header.additionals = reader.u16();
  return header;
}

// OPT alone concerns us; everything else (signatures of a transaction) is stepped over.
Rcode read_additional(WireReader& reader, Query& query) {
  const std::string owner = reader.name(true);
  const uint16_t type = reader.u16(), klass = reader.u16();
  const uint32_t ttl = reader.u32();
  reader.bytes(reader.u16());
  if (reader.failed()) return Rcode::FormErr;
  if (type != kOpt) return Rcode::NoError;
  if (query.has_edns || owner.size() != 1) return Rcode::FormErr;  // RFC 6891, 6.1.1
  query.has_edns = true;
  query.udp_bytes = std::clamp<uint16_t>(klass, 512, kOwnUdpBytes);
  return (ttl >> 16 & 0xff) == 0 ? Rcode::NoError : Rcode::BadVers;
}

std::string render_header(uint16_t id, uint16_t flags, uint16_t questions, size_t answers, size_t authorities,
                          uint16_t additionals) {
  return wire_u16(id) + wire_u16(flags) + wire_u16(questions) + wire_u16(static_cast<uint32_t>(answers)) +
         wire_u16(static_cast<uint32_t>(authorities)) + wire_u16(additionals);
}

std::string render_record(const Record& record) {
  return wire_u16(0xc00c) + wire_u16(record.type) + wire_u16(1) + wire_u32(record.ttl_s) +
         wire_u16(static_cast<uint32_t>(record.data.size())) + record.data;
}

// So that caches keep "there is none" for a moment and not for long (RFC 2308).
Record negative_soa(uint32_t ttl_s) {
  static constexpr char kServer[] = "\x08nemoclaw\x07invalid";  // with the final zero
  const std::string server(kServer, sizeof kServer);
  return {kSoa, ttl_s,
          server + server + wire_u32(1) + wire_u32(60) + wire_u32(60) + wire_u32(60) + wire_u32(ttl_s)};
}

std::string render_opt(Rcode rcode, bool prohibited) {
  const std::string option =
      prohibited ? wire_u16(kExtendedError) + wire_u16(2) + wire_u16(kProhibited) : std::string();
  return std::string(1, '\0') + wire_u16(kOpt) + wire_u16(kOwnUdpBytes) +
         wire_u32(static_cast<uint32_t>(rcode) >> 4 << 24) + wire_u16(static_cast<uint32_t>(option.size())) +
         option;
}

// Of types whose data holds names: the bytes before them, and how many there are.
struct NamesInside {
  size_t before = 0;
  int names = 0;
};
NamesInside names_inside(uint16_t type) {
  switch (type) {
    case kNs:
    case kCname:
    case kPtr:
      return {0, 1};
    case kSoa:
      return {0, 2};
    case kMx:
    case kSvcb:
    case kHttps:
      return {2, 1};
    case kSrv:
      return {6, 1};
    default:
      return {};
  }
}

// Data with its names written out. Empty: malformed.
std::string uncompressed(std::string_view message, size_t at, size_t length, uint16_t type) {
  WireReader reader(message.substr(0, at + length), at);
  const NamesInside inside = names_inside(type);
  std::string data(reader.bytes(inside.before));
  for (int i = 0; i < inside.names; ++i) data += reader.name(true);
  if (!reader.failed()) data += reader.bytes(at + length - reader.at());
  return reader.failed() ? std::string() : data;
}

}  // namespace

std::variant<Query, BadQuery> parse_query(std::string_view message) {
  BadQuery bad;
  if (message.size() < kHeaderBytes) return bad;
  WireReader reader(message);
  const Header header = read_header(reader);
  if (header.flags & kResponse) return bad;  // answering an answer could go on for ever
  bad.id = header.id;
  if ((header.flags >> 11 & 0xf) != 0) {
    bad.rcode = Rcode::NotImp;
    return bad;
  }
  if (header.questions != 1 || header.answers != 0 || header.authorities != 0) return bad;
  Query query;
  query.id = header.id;
  query.recursion_desired = header.flags & kRecursionDesired;
  query.checking_disabled = header.flags & kCheckingDisabled;
  query.name = dotted(reader.name(false));
  query.type = reader.u16();
  query.klass = reader.u16();
  if (reader.failed()) return bad;
  query.question = message.substr(kHeaderBytes, reader.at() - kHeaderBytes);
  for (unsigned i = 0; i < header.additionals; ++i) {
    bad.rcode = read_additional(reader, query);
    if (bad.rcode == Rcode::BadVers) bad.rcode = Rcode::NotImp;  // an answer without OPT cannot say BADVERS
    if (bad.rcode != Rcode::NoError) return bad;
  }
  if (!reader.at_end()) return BadQuery{header.id, Rcode::FormErr};
  return query;
}

std::string type_name(uint16_t type) {
  switch (type) {
    case kA:
      return "A";
    case kNs:
      return "NS";
    case kCname:
      return "CNAME";
    case kSoa:
      return "SOA";
    case 10:
      return "NULL";
    case kPtr:
      return "PTR";
    case kMx:
      return "MX";
    case kTxt:
      return "TXT";
    case kAaaa:
      return "AAAA";
    case kSrv:
      return "SRV";
    case kSvcb:
      return "SVCB";
    case kHttps:
      return "HTTPS";
    case kAny:
      return "ANY";
    default:
      return "TYPE" + std::to_string(type);
  }
}

std::string render_answer(const Query& query, const Answer& answer, size_t bytes_max) {
  uint16_t flags = kResponse | kRecursionAvailable;
  if (query.recursion_desired) flags |= kRecursionDesired;
  if (query.checking_disabled) flags |= kCheckingDisabled;
  flags |= static_cast<uint16_t>(answer.rcode) & 0xf;
  std::string body;
  for (const Record& record : answer.records) body += render_record(record);
  const bool has_soa = answer.records.empty() && answer.negative_ttl_s > 0;
  if (has_soa) body += render_record(negative_soa(answer.negative_ttl_s));
  const std::string opt = query.has_edns ? render_opt(answer.rcode, answer.is_prohibited) : std::string();
  const uint16_t additionals = query.has_edns ? 1 : 0;
  if (kHeaderBytes + query.question.size() + body.size() + opt.size() > bytes_max)
    return render_header(query.id, flags | kTruncated, 1, 0, 0, additionals) + query.question + opt;
  return render_header(query.id, flags, 1, answer.records.size(), has_soa ? 1 : 0, additionals) +
         query.question + body + opt;
}

std::string render_bad(const BadQuery& bad) {
  const auto flags =
      static_cast<uint16_t>(kResponse | kRecursionAvailable | (static_cast<uint16_t>(bad.rcode) & 0xf));
  return render_header(bad.id.value_or(0), flags, 0, 0, 0, 0);
}

Result<std::vector<Record>> parse_records(std::string_view message, uint16_t type) {
  WireReader reader(message);
  const Header header = read_header(reader);
  for (unsigned i = 0; i < header.questions && !reader.failed(); ++i) {
    reader.name(true);
    reader.u32();
  }
  std::vector<Record> records;
  for (unsigned i = 0; i < header.answers && !reader.failed(); ++i) {
    reader.name(true);
    Record record;
    record.type = reader.u16();
    const uint16_t klass = reader.u16();
    record.ttl_s = reader.u32();
    const uint16_t length = reader.u16();
    const size_t at = reader.at();
    reader.bytes(length);
    if (reader.failed() || record.type != type || klass != 1) continue;
    record.data = uncompressed(message, at, length, type);
    if (record.data.empty()) return make_error("a record of type " + type_name(type) + " cannot be read");
    records.push_back(std::move(record));
  }
  if (reader.failed()) return make_error("the answer of the name server cannot be read");
  return records;
}

}  // namespace nemoclaw::dns
