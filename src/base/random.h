// Randomness, passed in. SystemRandom is cryptographic (libsodium) and safe on any thread;
// SeededRandom is for tests that must replay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tollgate {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
  // Uniform in [0, bound). REQUIRES: bound > 0.
  std::uint32_t below(std::uint32_t bound);
};

class SystemRandom final : public Random {
 public:
  SystemRandom();
  void fill(std::span<std::uint8_t> bytes) override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::uint64_t state_;
};

// `prefix` + `length` characters of [0-9a-z] (ids such as key_…, sec_…; 20 gives 103 bits).
std::string random_id(Random& random, std::string_view prefix, int length = 20);

}  // namespace tollgate
