#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <tuple>

namespace tollgate::config {
namespace {

// Levenshtein's distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

void Problems::add(const Place& place, std::string message) {
  problems_.emplace_back(place, std::move(message));
}

std::string Problems::text() const {
  // The file first, line by line; then variables and options in the order they were read.
  std::vector<std::size_t> order(problems_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [this](std::size_t index) {
    const Place& place = problems_[index].first;
    return std::tuple(place.line == 0, place.line, place.column, index);
  });
  std::string out;
  for (const std::size_t index : order) {
    const auto& [place, message] = problems_[index];
    if (!out.empty()) out += '\n';
    out += place.line == 0
               ? fmt::format("{}: {}", place.source, message)
               : fmt::format("{}:{}:{}: {}", place.source, place.line, place.column, message);
  }
  return out;
}

Status Problems::status() const {
  if (empty()) return {};
  return fail(ErrorCode::kInvalidRequest, text());
}

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known) {
  std::string best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace tollgate::config
