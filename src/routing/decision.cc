#include "routing/decision.h"

#include <fmt/format.h>

#include <iterator>
#include <numeric>

#include "base/json.h"
#include "domain/money.h"

namespace tollgate {

namespace {

// What closes the arrays and the object, and then some.
constexpr std::size_t kBytesToClose = 64;

void append_member(std::string& out, std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(out), R"("{}":)", name);
  append_json_string(out, text);
}

std::string offer_json(const Offer& offer) {
  std::string out = "{";
  append_member(out, "model", offer.model.get());
  out += ',';
  append_member(out, "provider", offer.provider.get());
  out += ',';
  append_member(out, "region", offer.region);
  return out;
}

std::string scored_json(const Decision::Candidate& one) {
  return offer_json(*one.offer) +
         fmt::format(R"(,"health":"{}","score":{:.3f})", health_state_name(one.health), one.score);
}

std::string candidate_json(const Decision::Candidate& one) { return scored_json(one) + '}'; }

std::string number_or_null(double number) {
  return number > 0 ? fmt::format("{:.1f}", number) : "null";
}

std::string explained_candidate_json(const Decision::Candidate& one) {
  constexpr double kMicrosPerMs = 1'000;
  return scored_json(one) +
         fmt::format(R"(,"expected_cost":"{}","latency_ms":{},"carbon_grams_per_kwh":{},)"
                     R"("capabilities_known":{}}})",
                     format_money(Money::from_nanos(one.expected_cost)),
                     number_or_null(static_cast<double>(one.median.count()) / kMicrosPerMs),
                     number_or_null(static_cast<double>(one.carbon)), one.capabilities_known);
}

std::string dropped_json(const Decision::Dropped& one) {
  return offer_json(*one.offer) + fmt::format(R"(,"why":"{}"}})", drop_reason_name(one.reason));
}

// As many as there is room for.
template <class List>
void append_list(std::string& out, std::string_view name, const List& list, std::size_t bytes_max,
                 std::string (*text_of)(const typename List::value_type&)) {
  fmt::format_to(std::back_inserter(out), R"(,"{}":[)", name);
  for (const auto& one : list) {
    const std::string text = text_of(one);
    if (bytes_max > 0 && out.size() + text.size() + kBytesToClose > bytes_max) break;
    if (out.back() != '[') out += ',';
    out += text;
  }
  out += ']';
}

void append_counts(std::string& out, const Decision& decision) {
  out += R"(,"dropped_counts":{)";
  for (std::size_t i = 0; i < decision.dropped_counts.size(); ++i) {
    if (decision.dropped_counts[i] == 0) continue;
    if (out.back() != '{') out += ',';
    fmt::format_to(std::back_inserter(out), R"("{}":{})",
                   drop_reason_name(static_cast<DropReason>(i)), decision.dropped_counts[i]);
  }
  out += '}';
}

}  // namespace

std::size_t Decision::dropped_count() const {
  return std::accumulate(dropped_counts.begin(), dropped_counts.end(), std::size_t{0});
}

std::string decision_json(const Decision& decision, std::size_t bytes_max) {
  std::string out = "{";
  append_member(out, "strategy", decision.strategy);
  if (decision.profile != nullptr) {
    out += ',';
    append_member(out, "profile", decision.profile->name);
  }
  if (decision.classified) {
    fmt::format_to(std::back_inserter(out), R"(,"classified":"{}","confidence":{:.2f})",
                   tier_name(decision.classified->tier), decision.classified->confidence);
  }
  if (decision.tier) {
    fmt::format_to(std::back_inserter(out), R"(,"tier":"{}")", tier_name(*decision.tier));
  }
  fmt::format_to(std::back_inserter(out), R"(,"eligible":{})", decision.eligible);
  append_counts(out, decision);
  append_list(out, "candidates", decision.candidates, bytes_max,
              bytes_max == 0 ? explained_candidate_json : candidate_json);
  append_list(out, "dropped", decision.dropped, bytes_max, dropped_json);
  out += '}';
  return out;
}

}  // namespace tollgate
