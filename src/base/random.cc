#include "base/random.h"

#include <sodium.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "base/check.h"

namespace tollgate {

std::uint32_t Random::below(std::uint32_t bound) {
  check(bound > 0, "below() wants a positive bound");
  // 2^32 mod bound values are one too many for a fair remainder: draw again on those.
  const std::uint32_t unfair = (0u - bound) % bound;
  for (;;) {
    std::array<std::uint8_t, sizeof(std::uint32_t)> bytes;
    fill(bytes);
    std::uint32_t value;
    std::memcpy(&value, bytes.data(), sizeof value);
    if (value >= unfair) return value % bound;
  }
}

SystemRandom::SystemRandom() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot reach the system's randomness");
}

namespace {

// One system call gives many small draws; what was drawn is wiped.
struct Drawn {
  std::array<std::uint8_t, 1'024> bytes{};
  std::size_t used = sizeof(bytes);
};

}  // namespace

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  thread_local Drawn drawn;
  if (bytes.size() > drawn.bytes.size() / 8) {
    randombytes_buf(bytes.data(), bytes.size());
    return;
  }
  if (drawn.used + bytes.size() > drawn.bytes.size()) {
    randombytes_buf(drawn.bytes.data(), drawn.bytes.size());
    drawn.used = 0;
  }
  std::uint8_t* from = drawn.bytes.data() + drawn.used;
  std::memcpy(bytes.data(), from, bytes.size());
  sodium_memzero(from, bytes.size());
  drawn.used += bytes.size();
}

// SplitMix64 (Steele, Lea and Flood 2014), the bytes lowest first.
void SeededRandom::fill(std::span<std::uint8_t> bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    mixed ^= mixed >> 31;
    for (int i = 0; i < 8 && at < bytes.size(); ++i, ++at) {
      bytes[at] = static_cast<std::uint8_t>(mixed);
      mixed >>= 8;
    }
  }
}

std::string random_id(Random& random, std::string_view prefix, int length) {
  constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string id(prefix);
  for (int i = 0; i < length; ++i) {
    id += kAlphabet[random.below(static_cast<std::uint32_t>(kAlphabet.size()))];
  }
  return id;
}

}  // namespace tollgate
