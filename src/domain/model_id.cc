#include "domain/model_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tollgate {
namespace {

constexpr std::array<std::string_view, 2> kReservedPrefixes = {kSandboxPrefix, "tollgate/"};

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._:/@+-").contains(c);
}

}  // namespace

bool well_formed_model_id(std::string_view id) {
  const std::size_t slash = id.find('/');
  return id.size() <= kModelIdLengthMax && slash != std::string_view::npos && slash > 0 &&
         slash + 1 < id.size() && std::ranges::all_of(id, is_id_character);
}

std::string_view reserved_prefix(std::string_view id) {
  const auto* const found = std::ranges::find_if(
      kReservedPrefixes, [id](std::string_view prefix) { return id.starts_with(prefix); });
  return found == kReservedPrefixes.end() ? std::string_view() : *found;
}

std::optional<std::string> model_id_problem(std::string_view id) {
  if (!well_formed_model_id(id)) {
    return "must be creator/model, 1 to 200 letters, digits and . _ : / @ + -";
  }
  if (const std::string_view prefix = reserved_prefix(id); !prefix.empty()) {
    return fmt::format("must not begin with {}, which is built in", prefix);
  }
  return std::nullopt;
}

std::optional<std::string> alias_problem(std::string_view alias) {
  if (alias.empty() || alias.size() > kModelIdLengthMax ||
      !std::ranges::all_of(alias, is_id_character)) {
    return "must be 1 to 200 letters, digits and . _ : / @ + -";
  }
  if (const std::string_view prefix = reserved_prefix(alias); !prefix.empty()) {
    return fmt::format("must not begin with {}, which is built in", prefix);
  }
  return std::nullopt;
}

std::optional<std::string> alias_target_problem(std::string_view target) {
  if (target == kAuto || target == kAutoCheap || target == kAutoFast) return std::nullopt;
  if (well_formed_model_id(target) && !target.starts_with("tollgate/")) return std::nullopt;
  return fmt::format("stands for '{}', which is no model id", target);
}

}  // namespace tollgate
