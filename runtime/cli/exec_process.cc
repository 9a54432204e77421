#include "runtime/cli/exec_process.h"

#include <algorithm>
#include <charconv>

#include "runtime/base/file.h"
#include "runtime/oci/spec_check.h"
#include "runtime/oci/spec_reader.h"

namespace nemoclaw::cli {

namespace {

Result<uint32_t> parse_id(std::string_view text, const char* option) {
  uint32_t id = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (code != std::errc() || end != text.data() + text.size() || id == UINT32_MAX)
    return make_error(std::string(option) + " " + quoted(text) + ": a decimal id is needed");
  return id;
}

Result<void> add_groups(const Arguments& arguments, oci::User& user) {
  for (const std::string& list : arguments.values("additional-gids")) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      user.additional_gids.push_back(TRY(parse_id(rest.substr(0, comma), "--additional-gids")));
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return {};
}

void add_capabilities(const std::vector<std::string>& names, oci::Process& process) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  oci::Capabilities& sets = *process.capabilities;
  // A capability can only be ambient where it is inheritable: as with runc, a container that has inheritable ones gets it.
  oci::Strings* const ambient = sets.inheritable.empty() ? nullptr : &sets.ambient;
  for (const std::string& name : names)
    for (oci::Strings* set : {&sets.bounding, &sets.effective, &sets.permitted, ambient})
      if (set && std::find(set->begin(), set->end(), name) == set->end()) set->push_back(name);
}

Result<oci::Process> from_file(const std::string& file) {
  const std::string text = TRY_CONTEXT(read_file(file, size_t{16} << 20), "--process");
  return oci::parse_process(text, file);
}

}  // namespace

Result<void> apply_user(const std::string& text, oci::User& user) {
  const size_t colon = text.find(':');
  user.uid = TRY(parse_id(text.substr(0, colon), "--user"));
  if (colon != std::string::npos) user.gid = TRY(parse_id(text.substr(colon + 1), "--user"));
  return {};
}

Result<oci::Process> make_exec_process(const Arguments& arguments, const oci::EffectiveSpec& effective) {
  if (arguments.given("process")) {
    oci::Process process = TRY(from_file(arguments.value("process")));
    // conmon says --tty next to a file that says it too; either one means a terminal.
    if (arguments.flag("tty")) process.terminal = true;
    TRY_CONTEXT(oci::check_process(process), arguments.value("process"));
    return process;
  }
  if (!effective.spec.process)
    return make_error("the container has no process to take the defaults from: use --process");
  oci::Process process = *effective.spec.process;
  process.args.assign(arguments.positional.begin() + 1, arguments.positional.end());
  if (process.args.empty())
    return make_error("no command given: name one after the container id, or use --process");
  process.terminal = arguments.flag("tty");
  process.console_size.reset();
  if (arguments.given("cwd")) process.cwd = arguments.value("cwd");
  if (arguments.given("apparmor")) process.apparmor_profile = arguments.value("apparmor");
  if (arguments.given("process-label")) process.selinux_label = arguments.value("process-label");
  if (arguments.given("no-new-privs")) process.no_new_privileges = arguments.flag("no-new-privs");
  for (const std::string& variable : arguments.values("env")) process.env.push_back(variable);
  if (arguments.given("user")) TRY(apply_user(arguments.value("user"), process.user));
  TRY(add_groups(arguments, process.user));
  add_capabilities(arguments.values("cap"), process);
  TRY(oci::check_process(process));
  return process;
}

}  // namespace nemoclaw::cli
