#include "proxy/enforce/answer_names.h"

#include <cerrno>

#include "proxy/dns/service_binding.h"

namespace nemoclaw::enforce {

namespace {

using Kind = NameVerdict::Kind;
constexpr uint32_t kTtlMax = 60, kNegativeTtl = 15;
constexpr size_t kRecordsMax = 64;

uint32_t capped(uint32_t ttl_s) { return std::clamp<uint32_t>(ttl_s, 1, kTtlMax); }

dns::Answer nothing(dns::Rcode rcode) {
  dns::Answer answer;
  answer.rcode = rcode;
  const bool believable = rcode == dns::Rcode::NoError || rcode == dns::Rcode::NxDomain;
  answer.negative_ttl_s = believable ? kNegativeTtl : 0;
  answer.is_prohibited = rcode == dns::Rcode::Refused;
  return answer;
}

dns::Answer failed(const Error& error) {
  if (error.errno_value == ENOENT) return nothing(dns::Rcode::NxDomain);
  return nothing(error.errno_value == ENODATA ? dns::Rcode::NoError : dns::Rcode::ServFail);
}

std::string bytes_of(const asio::ip::address& address) {
  if (address.is_v4()) {
    const auto raw = address.to_v4().to_bytes();
    return std::string(raw.begin(), raw.end());
  }
  const auto raw = address.to_v6().to_bytes();
  return std::string(raw.begin(), raw.end());
}

net::Task<dns::Answer> answer_addresses(Context& context, std::string name, uint16_t type) {
  const bool v4 = type == dns::kA;
  const Result<dns::Found> found =
      co_await context.resolver->look_up(name, v4 ? dns::Family::V4 : dns::Family::V6);
  if (!found) co_return failed(found.error());
  dns::Answer answer;
  const uint32_t ttl_s = capped(found->ttl_s);
  for (const asio::ip::address& address : found->addresses) {
    if (address.is_v4() != v4) continue;
    answer.records.push_back({type, ttl_s, bytes_of(address)});
    context.names.remember(address, name, std::chrono::seconds(ttl_s), std::chrono::steady_clock::now());
  }
  if (answer.records.empty()) co_return nothing(dns::Rcode::NoError);
  co_return answer;
}

net::Task<dns::Answer> answer_records(Context& context, std::string name, uint16_t type) {
  const Result<std::string> message = co_await context.resolver->query(std::move(name), type);
  if (!message) co_return failed(message.error());
  Result<std::vector<dns::Record>> records = dns::parse_records(*message, type);
  if (!records) co_return nothing(dns::Rcode::ServFail);
  dns::Answer answer;
  for (dns::Record& record : *records) {
    record.ttl_s = capped(record.ttl_s);
    if (type == dns::kSvcb || type == dns::kHttps) {
      std::optional<std::string> reduced = dns::reduce_service_binding(record.data);
      if (!reduced) continue;
      record.data = std::move(*reduced);
    }
    if (answer.records.size() < kRecordsMax) answer.records.push_back(std::move(record));
  }
  if (answer.records.empty()) co_return nothing(dns::Rcode::NoError);
  co_return answer;
}

NameVerdict judge(Context& context, const dns::Query& query,
                  const std::vector<std::shared_ptr<Container>>& asking) {
  NameVerdict verdict;
  for (const std::shared_ptr<Container>& container : asking) {
    verdict = judge_name(*container->engine, query.name, query.type, context.search_domains,
                         context.name_budget, std::chrono::steady_clock::now());
    if (verdict.kind != Kind::Resolve) break;
  }
  return verdict;
}

const char* result_of(const NameAnswer& answered) {
  switch (answered.verdict.kind) {
    case Kind::Refuse:
      return "refused";
    case Kind::NotThere:
      return "no_such_name";
    case Kind::NoData:
      return "no_data";
    case Kind::Resolve:
      break;
  }
  if (answered.answer.rcode == dns::Rcode::ServFail) return "failed";
  if (answered.answer.rcode == dns::Rcode::NxDomain) return "no_such_name";
  return answered.answer.records.empty() ? "no_data" : "answered";
}

net::Task<NameAnswer> find_answer(Context& context, dns::Query query,
                                  std::vector<std::shared_ptr<Container>> asking) {
  NameAnswer out;
  out.verdict = judge(context, query, asking);
  if (query.klass != 1 && out.verdict.kind == Kind::Resolve) out.verdict.kind = Kind::NoData;
  switch (out.verdict.kind) {
    case Kind::Refuse:
      out.answer = nothing(dns::Rcode::Refused);
      co_return out;
    case Kind::NotThere:
      out.answer = nothing(dns::Rcode::NxDomain);
      co_return out;
    case Kind::NoData:
      out.answer = nothing(dns::Rcode::NoError);
      co_return out;
    case Kind::Resolve:
      break;
  }
  const bool is_address = query.type == dns::kA || query.type == dns::kAaaa;
  if (!context.resolver)
    out.answer = nothing(dns::Rcode::ServFail);  // the runtime has not said "start" yet
  else if (is_address)
    out.answer = co_await answer_addresses(context, out.verdict.name, query.type);
  else
    out.answer = co_await answer_records(context, out.verdict.name, query.type);
  co_return out;
}

}  // namespace

net::Task<NameAnswer> answer_name(Context& context, dns::Query query,
                                  std::vector<std::shared_ptr<Container>> asking) {
  NameAnswer out = co_await find_answer(context, std::move(query), std::move(asking));
  context.meters.count_name(result_of(out));
  co_return out;
}

audit::Event event_of(const NameVerdict& verdict, uint16_t type) {
  audit::Event event;
  event.allowed = verdict.kind == Kind::Resolve;
  event.activity = event.allowed ? audit::Activity::Open : audit::Activity::Refuse;
  event.via = event.layer = "dns";
  event.proto = "udp";
  event.host = verdict.name;
  event.port = 53;
  event.method = dns::type_name(type);
  event.code = verdict.code;
  event.reason = verdict.reason;
  event.count = 1;
  return event;
}

}  // namespace nemoclaw::enforce
