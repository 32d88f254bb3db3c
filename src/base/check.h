// check(): a condition that only a bug can break. Throws Bug, which the session loop catches once
// (500, log, close). Never used for what the world can do wrong: that is a Result.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string_view>

namespace tollgate {

class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void bug(std::string_view what, std::source_location where);

inline void check(bool condition, std::string_view what,
                  std::source_location where = std::source_location::current()) {
  if (!condition) [[unlikely]]
    bug(what, where);
}

}  // namespace tollgate
