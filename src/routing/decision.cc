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
// Of a few candidates: of nearly every decision.
constexpr std::size_t kUsualBytes = 640;

void append_name(std::string& out, std::string_view name) {
  out += '"';
  out += name;
  out += "\":";
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  append_name(out, name);
  append_json_string(out, text);
}

void append_offer(std::string& out, const Offer& offer) {
  out += '{';
  append_member(out, "model", offer.model.get());
  out += ',';
  append_member(out, "provider", offer.provider.get());
  out += ',';
  append_member(out, "region", offer.region);
}

void append_scored(std::string& out, const Decision::Candidate& one) {
  append_offer(out, *one.offer);
  fmt::format_to(std::back_inserter(out), R"(,"health":"{}","score":{:.3f})",
                 health_state_name(one.health), one.score);
}

void append_candidate(std::string& out, const Decision::Candidate& one) {
  append_scored(out, one);
  out += '}';
}

std::string number_or_null(double number) {
  return number > 0 ? fmt::format("{:.1f}", number) : "null";
}

void append_explained_candidate(std::string& out, const Decision::Candidate& one) {
  constexpr double kMicrosPerMs = 1'000;
  append_scored(out, one);
  fmt::format_to(std::back_inserter(out),
                 R"(,"expected_cost":"{}","latency_ms":{},"carbon_grams_per_kwh":{},)"
                 R"("capabilities_known":{}}})",
                 format_money(Money::from_nanos(one.expected_cost)),
                 number_or_null(static_cast<double>(one.median.count()) / kMicrosPerMs),
                 number_or_null(static_cast<double>(one.carbon)), one.capabilities_known);
}

void append_dropped(std::string& out, const Decision::Dropped& one) {
  append_offer(out, *one.offer);
  out += ',';
  append_member(out, "why", drop_reason_name(one.reason));
  out += '}';
}

// As many as there is room for.
template <class List>
void append_list(std::string& out, std::string_view name, const List& list, std::size_t bytes_max,
                 void (*append)(std::string&, const typename List::value_type&)) {
  out += ',';
  append_name(out, name);
  out += '[';
  for (const auto& one : list) {
    const std::size_t before = out.size();
    if (out.back() != '[') out += ',';
    append(out, one);
    if (bytes_max > 0 && out.size() + kBytesToClose > bytes_max) {
      out.resize(before);
      break;
    }
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
  std::string out;
  out.reserve(kUsualBytes);
  out += '{';
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
              bytes_max == 0 ? append_explained_candidate : append_candidate);
  append_list(out, "dropped", decision.dropped, bytes_max, append_dropped);
  out += '}';
  return out;
}

}  // namespace tollgate
