#include "ctl/words.h"

#include <algorithm>

namespace nemoclaw::ctl {
namespace {

const Flag* find_flag(const std::vector<Flag>& known, const std::string& word) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const Flag& each) {
    return word == each.name || word == each.short_name;
  });
  return found == known.end() ? nullptr : &*found;
}

}  // namespace

Result<Words> Words::parse(const std::vector<std::string>& args, const std::vector<Flag>& known) {
  Words words;
  for (size_t at = 0; at < args.size(); ++at) {
    std::string word = args[at];
    if (word == "--") {
      words.rest_.insert(words.rest_.end(), args.begin() + static_cast<ptrdiff_t>(at) + 1, args.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      words.rest_.push_back(std::move(word));
      continue;
    }
    std::optional<std::string> value;
    if (const size_t equals = word.find('='); word.rfind("--", 0) == 0 && equals != std::string::npos) {
      value = word.substr(equals + 1);
      word.resize(equals);
    }
    const Flag* flag = find_flag(known, word);
    if (!flag) {
      std::string names;
      for (const Flag& each : known) names += std::string(names.empty() ? "" : ", ") + each.name;
      return make_error("unknown option " + quoted(word) + "; known: " + names);
    }
    if (value && !flag->takes_value) return make_error(std::string(flag->name) + " takes no value");
    if (flag->takes_value && !value) {
      if (at + 1 == args.size()) return make_error(std::string(flag->name) + " needs a value");
      value = args[++at];
    }
    words.flags_.emplace_back(flag->name, value.value_or(""));
  }
  return words;
}

bool Words::has(std::string_view flag) const {
  return std::any_of(flags_.begin(), flags_.end(), [&](const auto& each) { return each.first == flag; });
}

std::optional<std::string> Words::value(std::string_view flag) const {
  for (const auto& [name, value] : flags_)
    if (name == flag) return value;
  return std::nullopt;
}

Result<bool> Words::wants_json() const {
  const std::string format = value("--format").value_or("text");
  if (format == "json") return true;
  if (format == "text") return false;
  return make_error("--format: expected text or json, not " + quoted(format));
}

std::string printable(std::string_view text, size_t bytes_max) {
  const std::string safe = quoted(text, bytes_max);
  return safe.substr(1, safe.size() - 2);
}

}  // namespace nemoclaw::ctl
