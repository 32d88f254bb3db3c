#include "cli/litellm_prices.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "domain/money.h"

namespace tollgate::cli {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kMinute = 60;  // seconds

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::kInvalidRequest, std::move(message));
}

bool starts_number(char c) { return c == '-' || (c >= '0' && c <= '9'); }
bool in_number(char c) { return starts_number(c) || c == '+' || c == '.' || c == 'e' || c == 'E'; }

// The same JSON with every number as a string, so that its digits are kept.
std::string with_numbers_as_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      if (c == '"') in_string = false;
      continue;
    }
    if (starts_number(c)) {
      out += '"';
      while (i < text.size() && in_number(text[i])) out += text[i++];
      out += '"';
      --i;
      continue;
    }
    in_string = c == '"';
    out += c;
  }
  return out;
}

// What a member is called there, what it is here, and of how many units its price is told here.
struct PriceMember {
  std::string_view theirs;
  std::string_view ours;
  std::int64_t units;
};
constexpr auto kTokenMembers = std::to_array<PriceMember>({
    {"input_cost_per_token", "input", kMillion},
    {"output_cost_per_token", "output", kMillion},
    {"cache_read_input_token_cost", "cached_input", kMillion},
    {"cache_creation_input_token_cost", "cache_write", kMillion},
    {"cache_creation_input_token_cost_above_1hr", "cache_write_1h", kMillion},
    {"output_cost_per_reasoning_token", "reasoning_output", kMillion},
    {"input_cost_per_audio_token", "audio_input", kMillion},
    {"output_cost_per_audio_token", "audio_output", kMillion},
    {"input_cost_per_image_token", "image_input", kMillion},
});
constexpr auto kUnitMembers = std::to_array<PriceMember>({
    {"output_cost_per_image", "per_image", 1},
    {"input_cost_per_query", "per_request", 1},
    {"input_cost_per_request", "per_request", 1},
    {"input_cost_per_second", "per_minute", kMinute},
    {"input_cost_per_character", "per_million_characters", kMillion},
});
// Of a whole request above so many tokens of input.
constexpr auto kTierMembers = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"input_cost_per_token_above_", "input"},
    {"output_cost_per_token_above_", "output"},
    {"cache_read_input_token_cost_above_", "cached_input"},
    {"cache_creation_input_token_cost_above_", "cache_write"},
});
constexpr auto kModes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"chat", "chat"},
    {"completion", "chat"},
    {"responses", "chat"},
    {"embedding", "embedding"},
    {"image_generation", "image"},
    {"audio_speech", "speech"},
    {"audio_transcription", "transcription"},
    {"rerank", "rerank"},
    {"moderation", "moderation"},
    {"moderations", "moderation"},
});
constexpr auto kCapabilities = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"supports_vision", "vision"},
    {"supports_function_calling", "tools"},
    {"supports_audio_input", "audio_input"},
    {"supports_pdf_input", "file_input"},
    {"supports_video_input", "video_input"},
    {"supports_response_schema", "json_schema"},
    {"supports_reasoning", "reasoning"},
});

std::string text_of(const json::object& entry, std::string_view name) {
  const json::value* value = entry.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t whole_of(const json::object& entry, std::string_view name) {
  const std::string text = text_of(entry, name);
  // Some are written as 1e6.
  const auto amount = price_per(text, 1);
  if (text.empty() || !amount) return 0;
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(amount->data(), amount->data() + amount->size(), number);
  const bool sound = error == std::errc() && end == amount->data() + amount->size();
  return sound && number > 0 ? number : 0;
}

// Puts the price of one member, if the entry has it; false: it is no amount.
bool put_price(const json::object& entry, std::string_view theirs, std::string_view ours,
               std::int64_t units, json::object& prices) {
  const std::string text = text_of(entry, theirs);
  if (text.empty() || prices.contains(ours)) return true;
  const auto price = price_per(text, units);
  if (!price) return false;
  prices[ours] = *price;
  return true;
}

// "…_above_200k_tokens" → 200000; 0 for another form, such as the priority tier's.
std::int64_t threshold_of(std::string_view rest) {
  std::int64_t thousands = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), thousands);
  const std::string_view unit(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
  return error == std::errc() && unit == "k_tokens" && thousands > 0 ? thousands * 1'000 : 0;
}

using Tiers = std::map<std::int64_t, json::object>;  // by what they begin above

// A tier has both of its sides: what it does not state stays as it is below.
json::array finished_tiers(Tiers tiers, const json::object& below) {
  json::array out;
  for (auto& [above, prices] : tiers) {
    for (const auto* side : {"input", "output"}) {
      if (!prices.contains(side) && below.contains(side)) prices[side] = below.at(side);
    }
    json::object tier{{"above_input_tokens", above}};
    for (const auto& [name, price] : prices) tier[name] = price;
    out.push_back(std::move(tier));
  }
  return out;
}

bool read_threshold_tiers(const json::object& entry, Tiers& tiers) {
  for (const auto& member : entry) {
    const std::string_view name = member.key();
    for (const auto& [prefix, ours] : kTierMembers) {
      if (!name.starts_with(prefix)) continue;
      const std::int64_t above = threshold_of(name.substr(prefix.size()));
      if (above > 0 && !put_price(entry, name, ours, kMillion, tiers[above])) return false;
    }
  }
  return true;
}

// [{"range": [0, 32000], "input_cost_per_token": …}, …]: the first is the plain price.
bool read_ranged_tiers(const json::object& entry, json::object& prices, Tiers& tiers) {
  const json::value* ranges = entry.if_contains("tiered_pricing");
  if (ranges == nullptr || !ranges->is_array()) return true;
  for (const json::value& one : ranges->get_array()) {
    const json::object* range = one.if_object();
    const json::value* bounds = range == nullptr ? nullptr : range->if_contains("range");
    if (bounds == nullptr || !bounds->is_array() || bounds->get_array().empty()) return false;
    const json::object from{{"from", bounds->get_array().front()}};
    const std::int64_t above = whole_of(from, "from");
    json::object& target = above == 0 ? prices : tiers[above];
    for (const PriceMember& member : kTokenMembers) {
      if (!put_price(*range, member.theirs, member.ours, member.units, target)) return false;
    }
  }
  return true;
}

// The prices in our words; nullopt: one of them is no amount.
std::optional<json::object> prices_of(const json::object& entry, std::string_view kind) {
  json::object prices;
  Tiers tiers;
  // What is drawn is the output of a model that draws, what it says beside it text.
  const bool draws = kind == "image" && entry.contains("output_cost_per_image_token");
  if (draws) {
    if (!put_price(entry, "output_cost_per_image_token", "output", kMillion, prices) ||
        !put_price(entry, "output_cost_per_token", "text_output", kMillion, prices)) {
      return std::nullopt;
    }
  }
  if (!read_ranged_tiers(entry, prices, tiers)) return std::nullopt;
  for (const PriceMember& member : kTokenMembers) {
    if (!put_price(entry, member.theirs, member.ours, member.units, prices)) return std::nullopt;
  }
  if (!read_threshold_tiers(entry, tiers)) return std::nullopt;
  if (kind != "chat" && kind != "embedding") {
    for (const PriceMember& member : kUnitMembers) {
      if (!put_price(entry, member.theirs, member.ours, member.units, prices)) return std::nullopt;
    }
  }
  // Embeddings have no output; what is absent is never 0.
  if (prices.contains("input") && !prices.contains("output")) {
    json::value input = prices.at("input");  // a copy: a new member may move the others
    prices["output"] = std::move(input);
  }
  if (!tiers.empty() && prices.contains("input")) {
    prices["tiers"] = finished_tiers(std::move(tiers), prices);
  }
  return prices;
}

json::object facts_of(const json::object& entry, std::string_view kind) {
  json::object facts{{"kind", kind}};
  json::object capabilities;
  for (const auto& [theirs, ours] : kCapabilities) {
    const json::value* value = entry.if_contains(theirs);
    if (value != nullptr && value->is_bool()) capabilities[ours] = value->get_bool();
  }
  if (!capabilities.empty()) facts["capabilities"] = std::move(capabilities);
  return facts;
}

// "gemini/gemini-2.5-pro" of gemini is gemini-2.5-pro to the provider.
std::string upstream_name(std::string_view name, std::string_view listed_as) {
  const std::string prefix = std::string(listed_as) + "/";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return std::string(name);
}

// Why the entry is of no use; empty = it is taken.
std::string read_entry(const json::object& entry, ListedModel& model) {
  const std::string mode = text_of(entry, "mode");
  const auto* const known = std::ranges::find(kModes, mode, &decltype(kModes)::value_type::first);
  if (mode.empty()) return "it does not say what it is for";
  if (known == kModes.end()) return fmt::format("models for {} are not served", mode);
  auto prices = prices_of(entry, known->second);
  if (!prices) return "a price cannot be read";
  const bool by_token = prices->contains("input") && prices->contains("output");
  const bool counted = known->second == "chat" || known->second == "embedding";
  if (counted && !by_token) return "it has no price by the token";
  if (!by_token) {
    for (const PriceMember& member : kTokenMembers) prices->erase(member.ours);
    prices->erase("text_output");
  }
  if (prices->empty()) return "it has no price in a unit that is counted";
  model.prices = std::move(*prices);
  model.facts = facts_of(entry, known->second);
  model.context_window = whole_of(entry, "max_input_tokens");
  model.max_output_tokens = whole_of(entry, "max_output_tokens");
  if (model.context_window > 0 && model.max_output_tokens > model.context_window) {
    model.max_output_tokens = 0;
  }
  return {};
}

}  // namespace

Result<std::string> price_per(std::string_view number, std::int64_t units) {
  constexpr int kNanoDigits = 9;
  constexpr int kExponentMax = 60;
  unsigned __int128 digits = 0;
  int exponent = kNanoDigits;
  bool after_point = false;
  std::size_t i = 0;
  bool any = false;
  for (; i < number.size(); ++i) {
    const char c = number[i];
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    if (digits > std::numeric_limits<std::int64_t>::max()) return refuse("has too many digits");
    digits = digits * 10 + static_cast<unsigned>(c - '0');
    if (after_point) --exponent;
    any = true;
  }
  if (i < number.size() && (number[i] == 'e' || number[i] == 'E')) {
    std::string_view power = number.substr(i + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int value = 0;
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), value);
    if (error != std::errc() || end != power.data() + power.size()) return refuse("is no number");
    if (value < -kExponentMax || value > kExponentMax) return refuse("is beyond all prices");
    exponent += value;
    i = number.size();
  }
  if (!any || i != number.size()) return refuse("is no amount");
  digits *= static_cast<std::uint64_t>(units);
  for (; exponent > 0 && digits > 0; --exponent) {
    if (digits > static_cast<unsigned __int128>(std::numeric_limits<std::int64_t>::max())) {
      return refuse("is beyond all prices");
    }
    digits *= 10;
  }
  bool inexact = false;
  for (; exponent < 0; ++exponent) {
    inexact = inexact || digits % 10 != 0;
    digits /= 10;
  }
  if (inexact) ++digits;
  if (digits > static_cast<unsigned __int128>(std::numeric_limits<std::int64_t>::max())) {
    return refuse("is beyond all prices");
  }
  return format_money(Money::from_nanos(static_cast<std::int64_t>(digits)));
}

Result<PriceList> read_litellm_prices(std::string_view text) {
  const auto value = parse_json(with_numbers_as_text(text));
  if (!value) return std::unexpected(value.error());
  const json::object* const document = value->if_object();
  if (document == nullptr) return refuse("The file is no JSON object of models.");
  PriceList list;
  for (const auto& member : *document) {
    const std::string name(member.key());
    const json::object* const entry = member.value().if_object();
    if (name == "sample_spec" || name == "fallback_generalizations" || entry == nullptr) continue;
    ListedModel model;
    model.name = name;
    model.listed_as = text_of(*entry, "litellm_provider");
    model.upstream = upstream_name(name, model.listed_as);
    std::string why = model.listed_as.empty() ? "it names no provider" : read_entry(*entry, model);
    if (why.empty()) {
      list.models.push_back(std::move(model));
    } else {
      list.skipped.push_back({.name = name, .listed_as = model.listed_as, .why = std::move(why)});
    }
  }
  if (list.models.empty() && list.skipped.empty()) {
    return refuse(
        "The file holds no models: it should be LiteLLM's model_prices_and_context_window.json.");
  }
  return list;
}

}  // namespace tollgate::cli
