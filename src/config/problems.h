// What is wrong with a configuration, collected so that an operator hears all of it at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace tollgate::config {

// Where a value stands: a file with line and column (from 1), or a variable or option (line 0).
struct Place {
  std::string source;
  int line = 0;
  int column = 0;
};

class Problems {
 public:
  void add(const Place& place, std::string message);
  bool empty() const { return problems_.empty(); }
  // "source:line:column: message", one per line, in the order of the file.
  std::string text() const;
  // kInvalidRequest with text() if there is any.
  Status status() const;

 private:
  std::vector<std::pair<Place, std::string>> problems_;
};

// The one of `known` that `word` was probably meant to be; empty = none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace tollgate::config
