#include "runtime/cli/options.h"

#include <cerrno>
#include <cstdlib>

namespace nemoclaw::cli {

namespace {

const Option* find_option(std::span<const Option> table, std::string_view name) {
  for (const Option& option : table)
    if (option.name == name || (name.size() == 1 && option.letter == name[0])) return &option;
  return nullptr;
}

// "-td" when t and d are both letters of options without a value.
bool parse_cluster(std::span<const Option> table, std::string_view letters, Arguments& parsed) {
  const size_t before = parsed.options.size();
  for (size_t i = 0; i < letters.size(); ++i) {
    const Option* option = find_option(table, letters.substr(i, 1));
    if (!option || option->takes != Takes::Nothing) {
      parsed.options.resize(before);
      return false;
    }
    parsed.options.emplace_back(option->name, "true");
  }
  return true;
}

Result<std::string> boolean_text(std::string_view name, std::string_view text) {
  for (std::string_view yes : {"true", "1", "t", "T", "TRUE", "True"})
    if (text == yes) return std::string("true");
  for (std::string_view no : {"false", "0", "f", "F", "FALSE", "False"})
    if (text == no) return std::string("false");
  return make_error("invalid boolean value " + quoted(text) + " for -" + std::string(name));
}

struct Cursor {
  std::span<const std::string_view> words;
  size_t at = 0;
};

// One word that starts with a dash, and its value if that is the next word.
Result<void> parse_option(std::span<const Option> table, Cursor& cursor, Arguments& parsed) {
  const std::string_view word = cursor.words[cursor.at++];
  std::string_view name = word.substr(word.starts_with("--") ? 2 : 1);
  const size_t equals = name.find('=');
  const bool inline_value = equals != std::string_view::npos;
  const std::string_view after = inline_value ? name.substr(equals + 1) : std::string_view();
  name = name.substr(0, equals);
  const Option* option = find_option(table, name);
  if (!option) {
    if (!inline_value && !word.starts_with("--") && parse_cluster(table, name, parsed)) return {};
    return make_error("flag provided but not defined: -" + std::string(name));
  }
  if (option->takes == Takes::Nothing) {
    parsed.options.emplace_back(option->name, inline_value ? TRY(boolean_text(name, after)) : "true");
    return {};
  }
  if (inline_value) {
    parsed.options.emplace_back(option->name, after);
    return {};
  }
  if (cursor.at == cursor.words.size()) return make_error("flag needs an argument: -" + std::string(name));
  parsed.options.emplace_back(option->name, cursor.words[cursor.at++]);
  return {};
}

}  // namespace

Result<Arguments> parse_options(std::span<const Option> table, std::span<const std::string_view> words,
                                Order order) {
  Arguments parsed;
  Cursor cursor{words};
  const auto take_rest = [&] {
    while (cursor.at < words.size()) parsed.positional.emplace_back(words[cursor.at++]);
  };
  while (cursor.at < words.size()) {
    const std::string_view word = words[cursor.at];
    if (word == "--") {
      ++cursor.at;
      take_rest();
    } else if (word.size() > 1 && word[0] == '-') {
      TRY(parse_option(table, cursor, parsed));
    } else if (order == Order::StopFirst) {
      take_rest();
    } else {
      parsed.positional.emplace_back(word);
      ++cursor.at;
    }
  }
  return parsed;
}

bool Arguments::given(std::string_view name) const {
  for (const auto& [option, text] : options)
    if (option == name) return true;
  return false;
}

bool Arguments::flag(std::string_view name) const { return value(name) == "true"; }

std::string Arguments::value(std::string_view name, std::string_view fallback) const {
  for (auto each = options.rbegin(); each != options.rend(); ++each)
    if (each->first == name) return each->second;
  return std::string(fallback);
}

std::vector<std::string> Arguments::values(std::string_view name) const {
  std::vector<std::string> all;
  for (const auto& [option, text] : options)
    if (option == name) all.push_back(text);
  return all;
}

Result<int64_t> Arguments::integer(std::string_view name, int64_t fallback) const {
  if (!given(name)) return fallback;
  const std::string text = value(name);
  char* end = nullptr;
  errno = 0;
  const long long number = strtoll(text.c_str(), &end, 0);
  if (errno != 0 || text.empty() || *end != '\0')
    return make_error("invalid value " + quoted(text) + " for flag -" + std::string(name) +
                      ": a number is needed");
  return int64_t{number};
}

}  // namespace nemoclaw::cli
