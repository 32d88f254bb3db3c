// What the fuzz targets share: a claim that stops the fuzzer, and inputs to begin with.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace tollgate::fuzz {

// A claim about the code under test. libFuzzer keeps the input that breaks it.
inline void require(const std::convertible_to<bool> auto& claim) {
  if (!claim) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline bool lies_in(std::string_view view, std::string_view bytes) {
  return view.empty() ||
         (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
}

// The same bytes in memory of exactly their size, so that ASan sees a read behind them.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view text)
      : bytes_(std::make_unique<char[]>(text.size())), size_(text.size()) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

// A place to split `text`, that every input fixes for itself.
inline std::size_t split_place(std::string_view text) {
  std::size_t hash = text.size();
  for (const char byte : text) hash = hash * 31 + static_cast<unsigned char>(byte);
  return text.empty() ? 0 : hash % text.size();
}

// For LLVMFuzzerCustomMutator: now and then starts again from one of `seeds`, so that no corpus has
// to be kept in files.
inline std::size_t mutate_from(std::span<const std::string_view> seeds, std::uint8_t* data,
                               std::size_t size, std::size_t max_size, unsigned random) {
  if (size < 4 || random % 256 == 0) {
    const std::string_view seed = seeds[random / 256 % seeds.size()];
    size = std::min(seed.size(), max_size);
    std::memcpy(data, seed.data(), size);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

}  // namespace tollgate::fuzz
