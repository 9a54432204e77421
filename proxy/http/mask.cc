#include "proxy/http/mask.h"

#include <algorithm>
#include <cstring>

#include "proxy/http/base64.h"

namespace nemoclaw::http {

namespace {

constexpr size_t kSecretMin = 4;
constexpr std::string_view kHex = "0123456789ABCDEF";

uint16_t key_of(const char* bytes) {
  return static_cast<uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 |
                               static_cast<unsigned char>(bytes[1]));
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c))
      out += c;
    else
      (((out += '%') += kHex[byte >> 4]) += kHex[byte & 15]);
  }
  return out;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

// The digits that `secret` alone decides when `before` bytes stand before it in its group of three.
std::string inside_base64(std::string_view secret, size_t before, Base64 alphabet) {
  const std::string text = encode_base64(std::string(before, '\0') + std::string(secret), alphabet);
  const size_t first = (before * 8 + 5) / 6, last = (before + secret.size()) * 8 / 6;
  return text.substr(first, last - first);
}

}  // namespace

MaskPatterns::MaskPatterns(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.size() < kSecretMin) continue;
    add(secret);
    add(percent_encoded(secret));
    add(json_escaped(secret));
    for (const Base64 alphabet : {Base64::Standard, Base64::Url})
      for (size_t before = 0; before < 3; ++before) add(inside_base64(secret, before, alphabet));
  }
}

MaskPatterns::~MaskPatterns() {
  for (std::string& pattern : patterns_) explicit_bzero(pattern.data(), pattern.size());
}

void MaskPatterns::add(std::string pattern) {
  if (std::find(patterns_.begin(), patterns_.end(), pattern) != patterns_.end()) return;
  starts_.set(key_of(pattern.data()));
  patterns_.push_back(std::move(pattern));
}

void MaskPatterns::mask(std::string_view text, std::string& out) const {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (!starts_[key_of(text.data() + i)]) continue;
    for (const std::string& pattern : patterns_)
      if (text.substr(i, pattern.size()) == pattern)
        std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(i), pattern.size(), '*');
  }
}

std::string MaskPatterns::mask(std::string_view text) const {
  std::string out(text);
  mask(text, out);
  return out;
}

size_t MaskPatterns::unfinished(std::string_view text) const {
  size_t longest = 0;
  for (const std::string& pattern : patterns_) {
    for (size_t size = std::min(pattern.size() - 1, text.size()); size > longest; --size)
      if (text.ends_with(std::string_view(pattern).substr(0, size))) longest = size;
  }
  return longest;
}

void Masker::feed(std::string_view text, std::string& out) {
  held_ += text;
  masked_ += text;
  patterns_->mask(held_, masked_);
  const size_t ready = held_.size() - patterns_->unfinished(held_);
  out.append(masked_, 0, ready);
  held_.erase(0, ready);
  masked_.erase(0, ready);
}

void Masker::finish(std::string& out) {
  out += masked_;
  held_.clear();
  masked_.clear();
}

}  // namespace nemoclaw::http
