// SHA-256 (FIPS 180-4). Own code because the runtime must not load OpenSSL for one digest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nemoclaw {

class Sha256 {
 public:
  void update(std::string_view data);
  // Lower-case hex. Ends the computation.
  std::string finish();

 private:
  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> rest_ = {};
  uint64_t size_ = 0;  // in bytes
};

std::string sha256_hex(std::string_view data);

}  // namespace nemoclaw
