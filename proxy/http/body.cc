#include "proxy/http/body.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace nemoclaw::http {

namespace {
constexpr size_t kExtensionBytesMax = 4096;  // in all of one body
constexpr size_t kTrailerBytesMax = 8192;
constexpr size_t kSizeLineBytesMax = 1024;
}  // namespace

BodyDecoder::BodyDecoder(const Framing& framing)
    : framing_(framing), left_(framing.length), lines_(kTrailerBytesMax, SIZE_MAX) {
  if (framing.kind == BodyKind::None || (framing.kind == BodyKind::Length && framing.length == 0))
    state_ = State::Complete;
}

BodyDecoder::State BodyDecoder::fail(const char* reason) {
  error_ = reason;
  return state_ = State::Malformed;
}

BodyDecoder::State BodyDecoder::feed(std::string_view& input, std::string& content) {
  while (state_ == State::NeedMore && !input.empty()) {
    std::string_view run;
    feed_run(input, run);
    content.append(run);
  }
  return state_;
}

BodyDecoder::State BodyDecoder::feed_run(std::string_view& input, std::string_view& run) {
  run = {};
  if (state_ != State::NeedMore || input.empty()) return state_;
  if (framing_.kind == BodyKind::Chunked) return feed_chunked(input, run);
  if (framing_.kind == BodyKind::Length) {
    run = take(input);
    return left_ == 0 ? state_ = State::Complete : state_;
  }
  run = std::exchange(input, {});  // until close
  return state_;
}

std::string_view BodyDecoder::take(std::string_view& input) {
  const std::string_view taken =
      input.substr(0, static_cast<size_t>(std::min<uint64_t>(left_, input.size())));
  input.remove_prefix(taken.size());
  left_ -= taken.size();
  return taken;
}

BodyDecoder::State BodyDecoder::feed_chunked(std::string_view& input, std::string_view& run) {
  while (!input.empty() && state_ == State::NeedMore) {
    if (part_ == Part::Data) {
      run = take(input);
      if (left_ == 0) part_ = Part::DataEnd;
      return state_;
    }
    switch (lines_.next(input)) {
      case LineReader::Step::NeedMore:
        return state_;
      case LineReader::Step::Malformed:
        return fail("a chunk line that does not end with CR LF");
      case LineReader::Step::TooLong:
        return fail("a chunk line that is too long");
      case LineReader::Step::Line:
        break;
    }
    if (part_ == Part::SizeLine) {
      take_size_line(lines_.line());
    } else if (part_ == Part::DataEnd) {
      if (!lines_.line().empty()) return fail("chunk data longer than its size");
      part_ = Part::SizeLine;
    } else {
      take_trailer(lines_.line());
    }
  }
  return state_;
}

BodyDecoder::State BodyDecoder::take_size_line(const std::string& line) {
  if (line.size() > kSizeLineBytesMax) return fail("a chunk size line that is too long");
  const size_t semicolon = line.find(';');
  // White space between the size and ';' is refused: RFC 9112 calls it bad, and parsers disagree about it.
  const std::string_view size = std::string_view(line).substr(0, semicolon);
  const bool hexadecimal = !size.empty() && std::all_of(size.begin(), size.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (!hexadecimal || size.size() > 16 ||
      std::from_chars(size.data(), size.data() + size.size(), left_, 16).ec != std::errc() ||
      left_ > INT64_MAX)
    return fail("a chunk size that is not a plain hexadecimal number");
  if (semicolon != std::string::npos) {
    extension_bytes_ += line.size() - semicolon;
    if (extension_bytes_ > kExtensionBytesMax) return fail("too many bytes of chunk extensions");
    for (const char raw : line.substr(semicolon)) {
      const auto byte = static_cast<unsigned char>(raw);
      if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return fail("a control byte in a chunk extension");
    }
  }
  part_ = left_ == 0 ? Part::Trailers : Part::Data;
  return state_;
}

BodyDecoder::State BodyDecoder::take_trailer(const std::string& line) {
  if (line.empty()) return state_ = State::Complete;
  trailer_bytes_ += line.size();
  if (trailer_bytes_ > kTrailerBytesMax) return fail("a trailer section that is too large");
  if (!parse_field(line)) return fail("a malformed trailer field");
  return state_;
}

BodyDecoder::State BodyDecoder::end_of_stream() {
  if (state_ != State::NeedMore) return state_;
  if (framing_.kind == BodyKind::UntilClose) return state_ = State::Complete;
  return fail("the body ended early");
}

std::string encode_chunk(std::string_view data) {
  if (data.empty()) return {};
  char size[17];
  const auto end = std::to_chars(size, size + sizeof size, data.size(), 16);
  std::string chunk(size, end.ptr);
  chunk.append("\r\n").append(data).append("\r\n");
  return chunk;
}

}  // namespace nemoclaw::http
