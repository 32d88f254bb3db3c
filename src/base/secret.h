// Secret: text that must not leak. It does not print, log, compare with == or turn into JSON;
// expose() is the only way out, so every use is found by grep. Memory is wiped on destruction.
#pragma once

#include <string>
#include <string_view>

namespace tollgate {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text);
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  bool operator==(const Secret&) const = delete;
  bool empty() const { return text_.empty(); }
  std::string_view expose() const { return text_; }

 private:
  void wipe();
  std::string text_;
};

}  // namespace tollgate
