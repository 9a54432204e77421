#include "runtime/base/error.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace nemoclaw {

Error Error::with_context(std::string_view context) && {
  std::string chained;
  chained.reserve(context.size() + 2 + message.size());
  chained.append(context).append(": ").append(message);
  message = std::move(chained);
  return std::move(*this);
}

Error make_error(std::string message) { return Error{0, std::move(message), 1}; }

Error errno_error(std::string_view what, int errno_value) {
  const char* text = strerrordesc_np(errno_value);
  std::string words = text ? text : "unknown error";
  // In lower case, as Go writes them: callers look for "no such file or directory" and "permission denied".
  if (words.size() > 1 && words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a' && words[1] <= 'z')
    words[0] = static_cast<char>(words[0] - 'A' + 'a');
  return Error{errno_value, std::string(what) + ": " + words, 1};
}

Error errno_error(std::string_view what) { return errno_error(what, errno); }

std::string format(const char* pattern, ...) {
  char small[256];
  va_list args;
  va_start(args, pattern);
  va_list again;
  va_copy(again, args);
  const int length = vsnprintf(small, sizeof small, pattern, args);
  va_end(args);
  std::string text;
  if (length < 0) {
    text = pattern;
  } else if (static_cast<size_t>(length) < sizeof small) {
    text.assign(small, static_cast<size_t>(length));
  } else {
    text.resize(static_cast<size_t>(length));
    vsnprintf(text.data(), text.size() + 1, pattern, again);
  }
  va_end(again);
  return text;
}

std::string quoted(std::string_view text, size_t bytes_max) {
  std::string out = "'";
  for (size_t i = 0; i < text.size() && i < bytes_max; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte >= 0x7f)
      out += format("\\x%02x", byte);
    else
      out += static_cast<char>(byte);
  }
  out += text.size() > bytes_max ? "...'" : "'";
  return out;
}

}  // namespace nemoclaw
