#include "proxy/http/frame_masker.h"

namespace nemoclaw::http {

void FrameMasker::add_content(std::string_view bytes, std::string& out) {
  came_ += bytes.size();
  std::string ready;
  masker_.feed(bytes, ready);
  emit(ready, out);
}

bool FrameMasker::add_verbatim(std::string_view bytes, std::string& out) {
  if (went_ == came_) {
    out += bytes;
    return true;
  }
  waiting_bytes_ += bytes.size();
  if (waiting_bytes_ > kWaitingMax) return false;
  if (waiting_.empty() || waiting_.back().first != came_) waiting_.emplace_back(came_, std::string());
  waiting_.back().second += bytes;
  return true;
}

void FrameMasker::end(std::string& out) {
  std::string ready;
  masker_.finish(ready);
  emit(ready, out);
}

void FrameMasker::emit(std::string_view masked, std::string& out) {
  while (!waiting_.empty() && waiting_.front().first <= went_ + masked.size()) {
    const auto size = static_cast<size_t>(waiting_.front().first - went_);
    out.append(masked.substr(0, size)).append(waiting_.front().second);
    waiting_bytes_ -= waiting_.front().second.size();
    went_ += size;
    masked.remove_prefix(size);
    waiting_.pop_front();
  }
  out += masked;
  went_ += masked.size();
}

}  // namespace nemoclaw::http
