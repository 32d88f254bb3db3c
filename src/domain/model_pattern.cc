#include "domain/model_pattern.h"

#include <algorithm>

namespace tollgate {

namespace {

constexpr std::size_t kModelPatternLengthMax = 200;

bool allowed_in_pattern(char c) {
  const bool word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return word || std::string_view("._:/@+-*").find(c) != std::string_view::npos;
}

}  // namespace

Status validate_model_pattern(std::string_view pattern) {
  if (pattern.empty() || pattern.size() > kModelPatternLengthMax ||
      !std::ranges::all_of(pattern, allowed_in_pattern)) {
    return fail(
        ErrorCode::kInvalidRequest,
        "A model is an id or wildcard such as openai/gpt-4o or openai/*: 1 to 200 characters "
        "of letters, digits and . _ : / @ + - *.");
  }
  return {};
}

// Greedy with one point of return, the latest star: time is at most pattern × model, never more.
bool model_matches(std::string_view pattern, std::string_view model) {
  std::size_t p = 0;
  std::size_t m = 0;
  std::size_t star = std::string_view::npos;  // where the latest star stands
  std::size_t tried = 0;                      // where its run ends in this try
  while (m < model.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      tried = m;
    } else if (p < pattern.size() && pattern[p] == model[m]) {
      ++p;
      ++m;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      m = ++tried;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool model_allowed(const std::vector<std::string>& allow_list, std::string_view model) {
  return allow_list.empty() || std::ranges::any_of(allow_list, [model](const std::string& pattern) {
           return model_matches(pattern, model);
         });
}

}  // namespace tollgate
