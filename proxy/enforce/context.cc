#include "proxy/enforce/context.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/log.h"

namespace nemoclaw::enforce {

void Context::count(const audit::Event& event) {
  const uint64_t times = std::max<uint64_t>(event.count, 1);
  switch (event.activity) {
    case audit::Activity::Open:
    case audit::Activity::Refuse:
      return meters.count_decision(event.allowed ? "allowed" : "denied", event.via, event.code, event.entry, times);
    case audit::Activity::Fail:
      ++meters.origins_failed;
      return;
    case audit::Activity::Close:
      meters.bytes_out += event.bytes_out;
      meters.bytes_in += event.bytes_in;
      return;
  }
}

bool Context::record(const audit::Event& event) {
  const Result<void> written = log.append(event);
  // An allow that is not in the audit does not come about, unless the node wants it so.
  if (written || !audit_fail_closed || !event.allowed) count(event);
  if (written) return true;
  if (counters.audit_failures++ == 0)  // once: a full disk must not fill the log too
    log::error("decision " + event.decision + " is not in the audit: " + written.error().message +
               (audit_fail_closed ? "; connections are refused until it can be written" : ""));
  return !audit_fail_closed;
}

const std::shared_ptr<Container>& Context::container(const std::string& id) const {
  for (const std::shared_ptr<Container>& each : containers)
    if (each->subject.container == id) return each;
  return main();
}

std::shared_ptr<Container> Context::find_container(const std::string& id) const {
  const std::shared_ptr<Container>& found = container(id);
  return found->subject.container == id ? found : nullptr;
}

void Context::add_container(std::shared_ptr<Container> added) {
  for (std::shared_ptr<Container>& each : containers)
    if (each->subject.container == added->subject.container) {
      idle_origins.drop(added->subject.container);
      each = std::move(added);
      return;
    }
  containers.push_back(std::move(added));
}

void Context::remove_container(const std::string& id) {
  idle_origins.drop(id);
  for (size_t at = 1; at < containers.size(); ++at)
    if (containers[at]->subject.container == id) {
      containers.erase(containers.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
}

policy::Address to_policy_address(const asio::ip::address& address) {
  const asio::ip::address_v6 v6 =
      address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6();
  const asio::ip::address_v6::bytes_type raw = v6.to_bytes();
  policy::Address converted;
  memcpy(converted.bytes, raw.data(), raw.size());
  return converted;
}

}  // namespace nemoclaw::enforce
