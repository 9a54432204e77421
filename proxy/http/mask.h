// Takes secrets out of what an origin answers: every byte of one becomes '*', so that lengths stay what they
// were. Finds a secret as it is, percent-encoded, escaped as in JSON, and inside base64, at whatever place of
// a longer text it stands. Incremental, no I/O.
#pragma once

#include <bitset>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nemoclaw::http {

class MaskPatterns {
 public:
  // Secrets of less than 4 bytes would mask everything, and are left out.
  explicit MaskPatterns(const std::vector<std::string>& secrets);
  ~MaskPatterns();
  MaskPatterns(const MaskPatterns&) = delete;
  MaskPatterns& operator=(const MaskPatterns&) = delete;

  bool empty() const { return patterns_.empty(); }
  // Masks in `out`, which is as long as `text` and need not be equal, what `text` holds.
  void mask(std::string_view text, std::string& out) const;
  std::string mask(std::string_view text) const;
  // How many bytes at the end of `text` may be the beginning of a pattern.
  size_t unfinished(std::string_view text) const;

 private:
  void add(std::string pattern);

  std::vector<std::string> patterns_;
  std::bitset<65536> starts_;  // first two bytes of some pattern
};

class Masker {
 public:
  explicit Masker(std::shared_ptr<const MaskPatterns> patterns) : patterns_(std::move(patterns)) {}

  // Appends to `out` what can be no beginning of a secret any more; the rest waits for what follows.
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);

 private:
  std::shared_ptr<const MaskPatterns> patterns_;
  std::string held_, masked_;  // as it came, and as far as it is masked
};

}  // namespace nemoclaw::http
