// Foreign DNS messages: questions of the sandbox and answers of name servers.
#include <cstdlib>

#include "proxy/dns/message.h"
#include "proxy/dns/service_binding.h"

using namespace nemoclaw::dns;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const uint16_t type : {kA, kCname, kSoa, kSrv, kHttps, kTxt})
    if (const auto records = parse_records(bytes, type)) {
      for (const Record& record : *records)
        if (record.data.size() > size + 3 * 255) abort();
    }
  if (const auto reduced = reduce_service_binding(bytes)) {
    if (reduce_service_binding(*reduced) != reduced) abort();  // nothing left to take away
  }
  const auto parsed = parse_query(bytes);
  if (!std::holds_alternative<Query>(parsed)) return 0;
  const Query& query = std::get<Query>(parsed);
  Answer answer;
  answer.records = {{kA, 60, "1234"}};
  const std::string rendered = render_answer(query, answer, query.udp_bytes);
  if (rendered.size() > query.udp_bytes) abort();
  if (rendered.substr(12, query.question.size()) != query.question) abort();
  const auto again = parse_records(rendered, kA);
  if (!again || again->size() > 1) abort();
  return 0;
}
