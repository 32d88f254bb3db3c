#include "admin/router.h"

#include <algorithm>
#include <optional>

#include "admin/query.h"

namespace tollgate {

namespace {

std::string_view next_segment(std::string_view& rest) {
  const auto at = rest.find('/');
  const std::string_view segment = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at);
  if (!rest.empty()) rest.remove_prefix(1);
  return segment;
}

// What stood for the segment in braces ("" if there is none); nullopt when the path differs.
std::optional<std::string> match_path(std::string_view pattern, std::string_view path) {
  if (path.empty() || path.back() == '/') return std::nullopt;
  std::string id;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view expected = next_segment(pattern);
    const std::string_view segment = next_segment(path);
    if (!expected.starts_with('{')) {
      if (segment != expected) return std::nullopt;
      continue;
    }
    const auto decoded = percent_decoded(segment);
    if (!decoded || decoded->empty() || has_control(*decoded)) return std::nullopt;
    id = *decoded;
  }
  return pattern.empty() && path.empty() ? std::optional(std::move(id)) : std::nullopt;
}

}  // namespace

RouteMatch match_route(std::span<const RoutePattern> table, std::string_view method,
                       std::string_view path) {
  // `/models/import` is no model: a path that stands in the table to the letter is nothing else.
  const bool literal =
      std::ranges::any_of(table, [&](const RoutePattern& route) { return route.pattern == path; });
  std::string allow;
  for (std::size_t index = 0; index < table.size(); ++index) {
    if (literal && table[index].pattern != path) continue;
    auto id = match_path(table[index].pattern, path);
    if (!id) continue;
    if (table[index].method == method) {
      return {.outcome = RouteMatch::Outcome::kFound,
              .index = index,
              .id = std::move(*id),
              .allow = {}};
    }
    if (!allow.empty()) allow += ", ";
    allow += table[index].method;
  }
  if (allow.empty()) return {};
  RouteMatch match;
  match.outcome = RouteMatch::Outcome::kUnknownMethod;
  match.allow = std::move(allow);
  return match;
}

}  // namespace tollgate
