// The sandbox's questions for names: judged, and then one lookup for those that the policy names.
#pragma once

#include "proxy/dns/message.h"
#include "proxy/enforce/caller.h"
#include "proxy/enforce/context.h"

namespace nemoclaw::enforce {

// One question: what is to be said, and what the audit is to know.
struct NameAnswer {
  dns::Answer answer;
  NameVerdict verdict;
};

// `asking`: the containers of which one has asked; all of them must allow it.
net::Task<NameAnswer> answer_name(Context& context, dns::Query query,
                                  std::vector<std::shared_ptr<Container>> asking);

// The line about a verdict with is_audited, without its decision and its actor.
audit::Event event_of(const NameVerdict& verdict, uint16_t type);

}  // namespace nemoclaw::enforce
