#include "proxy/http/websocket.h"

#include <algorithm>
#include <utility>

#include "runtime/base/json.h"

namespace nemoclaw::http {

namespace {

constexpr uint8_t kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPong = 10;
constexpr size_t kControlBytesMax = 125;

uint8_t byte_at(const std::string& text, size_t at) { return static_cast<uint8_t>(text[at]); }

// RFC 6455 section 7.4: codes that may be sent.
bool is_close_code(unsigned code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = json::utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// Could these bytes, at most three, be the start of a character that goes on?
bool is_utf8_start(std::string_view text) {
  const auto first = static_cast<uint8_t>(text.front());
  const size_t wanted = first >= 0xf0 && first <= 0xf4  ? 4
                        : first >= 0xe0 && first < 0xf0 ? 3
                        : first >= 0xc2                 ? 2
                                                        : 0;
  if (text.size() >= wanted) return false;
  // Any continuation that makes it valid will do.
  for (const char* rest :
       {"\x80\x80\x80", "\x90\x80\x80", "\xa0\x80\x80", "\xbf\xbf\xbf", "\x8f\xbf\xbf", "\x9f\xbf\xbf"}) {
    const std::string whole = std::string(text) + std::string(rest).substr(0, wanted - text.size());
    if (json::utf8_sequence(whole) == wanted) return true;
  }
  return false;
}

}  // namespace

WebSocketChecker::Step WebSocketChecker::fail(uint16_t code, const char* reason) {
  close_code_ = code;
  error_ = reason;
  return Step::Failed;
}

size_t WebSocketChecker::header_size() const {
  if (header_.size() < 2) return 2;
  const uint8_t length = byte_at(header_, 1) & 0x7f;
  return 2 + (length == 127 ? 8 : length == 126 ? 2 : 0) + (from_client_ ? 4 : 0);
}

const char* WebSocketChecker::opcode_problem() const {
  const bool control = opcode_ >= kClose;
  if ((opcode_ > kBinary && !control) || opcode_ > kPong) return "a reserved opcode";
  if (control)
    return !final_                    ? "a control frame in fragments"
           : left_ > kControlBytesMax ? "a control frame that is too long"
                                      : "";
  if (opcode_ == kContinuation) return in_message_ ? "" : "a continuation of nothing";
  return in_message_ ? "a new message within another" : "";
}

WebSocketChecker::Step WebSocketChecker::check_start() {
  if ((byte_at(header_, 0) & 0x70) != 0)
    return fail(1002, "a reserved bit is set (an extension that was not agreed on)");
  if (((byte_at(header_, 1) & 0x80) != 0) != from_client_)
    return fail(1002, from_client_ ? "a client's frame is not masked" : "a server's frame is masked");
  return Step::NeedMore;
}

WebSocketChecker::Step WebSocketChecker::take_header() {
  const uint8_t first = byte_at(header_, 0), second = byte_at(header_, 1);
  final_ = (first & 0x80) != 0;
  opcode_ = first & 0x0f;
  const uint8_t length = second & 0x7f;
  const size_t extra = length == 127 ? 8 : length == 126 ? 2 : 0;
  left_ = extra == 0 ? length : 0;
  for (size_t at = 0; at < extra; ++at) left_ = left_ << 8 | byte_at(header_, 2 + at);
  if ((extra == 2 && left_ < 126) || (extra == 8 && left_ < 65536))
    return fail(1002, "a length that is not in its shortest form");
  if (left_ > INT64_MAX) return fail(1002, "a length of more than 63 bits");
  if (const char* problem = opcode_problem(); *problem) return fail(1002, problem);
  offset_ = 0;
  control_.clear();
  if (from_client_) mask_ = header_.substr(header_.size() - 4);
  part_ = Part::Payload;
  if (opcode_ >= kClose) return Step::NeedMore;
  if (opcode_ != kContinuation) message_bytes_ = 0;
  if (left_ > message_bytes_max_ - std::min(message_bytes_, message_bytes_max_))
    return fail(1009, "a message that is too long");
  message_bytes_ += left_;
  in_message_ = !final_;
  if (opcode_ == kContinuation) return Step::NeedMore;
  kind_ = opcode_ == kText ? MessageKind::Text : MessageKind::Binary;
  partial_.clear();
  return Step::MessageStart;
}

// A whole character at the end of one piece may continue in the next one.
void WebSocketChecker::check_text(std::string_view payload) {
  std::string text = partial_ + std::string(payload);
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t length = json::utf8_sequence(rest);
    if (length == 0) break;
    rest.remove_prefix(length);
  }
  if (!rest.empty() && (rest.size() > 3 || !is_utf8_start(rest))) bad_text_ = true;
  partial_ = rest;
}

WebSocketChecker::Step WebSocketChecker::pass_payload(std::string_view& input, std::string& out) {
  const std::string_view taken =
      input.substr(0, static_cast<size_t>(std::min<uint64_t>(left_, input.size())));
  input.remove_prefix(taken.size());
  left_ -= taken.size();
  if (is_held_back()) return pass_control(taken, out);
  if (opcode_ == kText || (opcode_ == kContinuation && kind_ == MessageKind::Text)) {
    std::string plain(taken);
    if (from_client_)
      for (char& c : plain) c = static_cast<char>(c ^ mask_[offset_++ % 4]);
    check_text(plain);
    if (bad_text_) return fail(1007, "a text message that is not UTF-8");
  }
  if (content_ && opcode_ < kClose)
    content_->add_content(taken, out);
  else
    out += taken;
  return left_ > 0 ? Step::NeedMore : end_frame(out);
}

// A close frame goes on only when its code was seen, and others in which a secret may be only as a whole.
bool WebSocketChecker::is_held_back() const { return opcode_ == kClose || (opcode_ > kClose && secrets_); }

WebSocketChecker::Step WebSocketChecker::pass_control(std::string_view taken, std::string& out) {
  const size_t head = header_size();
  header_ += taken;
  for (const char raw : taken)
    control_ += from_client_ ? static_cast<char>(raw ^ mask_[offset_++ % 4]) : raw;
  if (left_ > 0) return Step::NeedMore;
  std::string frame = std::move(header_);
  header_.clear();
  if (secrets_) frame.replace(head, frame.npos, secrets_->mask(control_));
  const Step step = end_frame(out);
  if (step == Step::Failed) return step;
  if (content_ && step == Step::Closed) content_->end(out);  // of a message that nobody completes
  if (content_ && !content_->add_verbatim(frame, out)) return fail(1002, "too many frames within a message");
  if (!content_) out += frame;
  return step;
}

WebSocketChecker::Step WebSocketChecker::end_frame(std::string& out) {
  part_ = Part::Header;
  if (opcode_ == kClose) {
    if (control_.size() == 1) return fail(1002, "a close frame with half a code");
    if (control_.size() >= 2) {
      const unsigned code = static_cast<unsigned>(byte_at(control_, 0)) << 8 | byte_at(control_, 1);
      if (!is_close_code(code)) return fail(1002, "a close code that must not be sent");
      if (!is_utf8(std::string_view(control_).substr(2)))
        return fail(1007, "a close reason that is not UTF-8");
    }
    is_closed_ = true;
    return Step::Closed;
  }
  const bool ends_text = opcode_ < kClose && final_ && kind_ == MessageKind::Text;
  if (ends_text && !partial_.empty()) return fail(1007, "a text message that ends within a character");
  if (content_ && opcode_ < kClose && final_) content_->end(out);
  header_.clear();
  return Step::NeedMore;
}

WebSocketChecker::Step WebSocketChecker::read_header(std::string_view& input) {
  while (header_.size() < header_size()) {
    if (input.empty()) return Step::NeedMore;
    header_ += input.front();
    input.remove_prefix(1);
    if (header_.size() == 2 && check_start() == Step::Failed) return Step::Failed;
  }
  return take_header();
}

WebSocketChecker::Step WebSocketChecker::feed(std::string_view& input, std::string& out) {
  if (is_closed_) return input.empty() ? Step::Closed : fail(1002, "bytes behind a close frame");
  for (;;) {
    if (part_ == Part::Header) {
      const Step step = read_header(input);
      if (part_ == Part::Header || step == Step::Failed) return step;
      is_header_due_ = true;
      if (step == Step::MessageStart) return step;
    }
    if (std::exchange(is_header_due_, false) && !is_held_back()) {
      if (content_ && !content_->add_verbatim(header_, out))
        return fail(1002, "too many frames within a message");
      if (!content_) out += header_;
    }
    const Step step = pass_payload(input, out);
    if (step != Step::NeedMore || part_ == Part::Payload || input.empty()) return step;
  }
}

}  // namespace nemoclaw::http
