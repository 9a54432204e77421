#include "ctl/explain.h"

#include <algorithm>

#include "runtime/base/json.h"

namespace nemoclaw::ctl {

std::string explain_text(const Explanation& explanation) {
  const policy::Policy& policy = explanation.policy;
  std::string text =
      (policy.is_preset ? "preset " : "policy ") + quoted(policy.name) + " " + policy.digest + "\n";
  text += explanation.bundle.empty() ? "bundle: none given; a made-up one is used: the default spec, and an "
                                       "image that has every path which the policy "
                                       "names and no accounts. For a real one: --bundle DIR\n"
                                     : "bundle: " + explanation.bundle + "\n";
  // In the compiler's order, one heading per area.
  std::vector<std::string> areas;
  for (const policy::ReportLine& line : explanation.compiled.report)
    if (std::find(areas.begin(), areas.end(), line.area) == areas.end()) areas.push_back(line.area);
  for (const std::string& area : areas) {
    text += "\n" + area + "\n";
    for (const policy::ReportLine& line : explanation.compiled.report) {
      if (line.area != area) continue;
      text += "  " + line.what + "\n";
      if (!line.why.empty()) text += "      because of " + line.why + "\n";
    }
  }
  return text + explain_network(policy);
}

std::string explain_json(const Explanation& explanation) {
  json::Writer writer;
  writer.begin_object().member("policy", explanation.policy.name).member("digest", explanation.policy.digest);
  writer.member("kind", explanation.policy.is_preset ? "preset" : "policy");
  writer.member("bundle", explanation.bundle).member("bundle_made_up", explanation.bundle.empty());
  writer.key("report").begin_array();
  for (const policy::ReportLine& line : explanation.compiled.report)
    writer.begin_object()
        .member("area", line.area)
        .member("what", line.what)
        .member("why", line.why)
        .end_object();
  writer.end_array();
  write_network(writer, explanation.policy);
  return writer.end_object().take();
}

policy::Facts made_up_facts(const policy::Policy& policy) {
  policy::Facts facts;
  facts.container_id = "example";
  facts.sandbox_directory = "/run/nemoclaw/sandboxes/example";
  const policy::FilesystemPolicy& filesystem = policy.filesystem;
  for (const auto* list : {&filesystem.read_only, &filesystem.read_write, &filesystem.no_access,
                           &policy.integrity.read_only_mounts})
    for (const policy::Path& path : *list) facts.existing_paths.push_back(path.path);
  facts.existing_paths.insert(facts.existing_paths.end(),
                              {"/bin", "/sbin", "/lib", "/usr", "/etc", "/tmp", "/bin/sh"});
  facts.command = "/bin/sh";
  return facts;
}

}  // namespace nemoclaw::ctl
