#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "config/provider_settings.h"
#include "domain/money.h"

namespace tollgate::config {
namespace {

constexpr std::int64_t kTierTokensMax = 1'000'000'000;

std::optional<Money> read_amount(MappingReader& reader, std::string_view key) {
  const auto value = reader.text(key);
  if (!value) return {};
  const auto amount = parse_money(value->text);
  if (!amount) {
    reader.source().problem(value->node, value->path,
                            "must be an amount of USD such as \"2.50\": digits, at most 9 of them "
                            "after the point, no sign, no exponent");
    return Money();  // reported; not reported again as missing
  }
  return *amount;
}

Money read_required_amount(MappingReader& reader, std::string_view key) {
  const auto child = reader.child(key);
  if (!child) {
    reader.source().problem(
        reader.node(), reader.path(),
        fmt::format("has no price for `{}`; write `{}: 0` if it costs nothing", key, key));
    return Money();
  }
  return read_amount(reader, key).value_or(Money());
}

TokenPrices read_token_prices(MappingReader& reader) {
  TokenPrices prices;
  prices.input = read_required_amount(reader, "input");
  prices.output = read_required_amount(reader, "output");
  prices.cached_input = read_amount(reader, "cached_input");
  prices.cache_write = read_amount(reader, "cache_write");
  prices.cache_write_1h = read_amount(reader, "cache_write_1h");
  prices.reasoning_output = read_amount(reader, "reasoning_output");
  prices.audio_input = read_amount(reader, "audio_input");
  prices.audio_output = read_amount(reader, "audio_output");
  prices.image_input = read_amount(reader, "image_input");
  prices.cached_image_input = read_amount(reader, "cached_image_input");
  prices.video_input = read_amount(reader, "video_input");
  prices.text_output = read_amount(reader, "text_output");
  return prices;
}

}  // namespace

namespace {

// So much an image, a minute, a request or a million characters, and tokens are not counted.
bool priced_by_other_units(MappingReader& reader) {
  if (reader.child("input") || reader.child("output") || reader.child("tiers")) return false;
  return std::ranges::any_of(
      std::array{"per_request", "per_image", "per_minute", "per_million_characters"},
      [&reader](const char* unit) { return reader.child(unit).has_value(); });
}

}  // namespace

Prices read_prices(const YAML::Node& node, const std::string& path, const YamlSource& source) {
  Prices prices;
  if (!node.IsMap()) {
    source.problem(node, path, "must be a mapping such as {input: \"2.50\", output: \"10.00\"}");
    return prices;
  }
  MappingReader reader(node, path, source);
  prices.by_token = !priced_by_other_units(reader);
  if (prices.by_token) prices.tokens = read_token_prices(reader);
  prices.per_request = read_amount(reader, "per_request");
  prices.per_image = read_amount(reader, "per_image");
  prices.per_minute = read_amount(reader, "per_minute");
  prices.per_million_characters = read_amount(reader, "per_million_characters");
  for (const auto& [tier_node, tier_path] : reader.list("tiers")) {
    MappingReader tier_reader(tier_node, tier_path, source);
    PriceTier tier;
    const bool named = tier_reader.child("above_input_tokens").has_value();
    const auto above = tier_reader.whole("above_input_tokens", 1, kTierTokensMax);
    if (!named) {
      source.problem(tier_node, tier_path,
                     "`above_input_tokens` is missing: the input from which on this tier holds");
    }
    if (above && !prices.tiers.empty() && *above <= prices.tiers.back().above_input_tokens) {
      source.problem(tier_node, tier_path,
                     "tiers must stand in ascending order of above_input_tokens");
    }
    tier.tokens = read_token_prices(tier_reader);
    tier_reader.finish();
    if (above) {
      tier.above_input_tokens = *above;
      prices.tiers.push_back(std::move(tier));
    }
  }
  reader.finish();
  return prices;
}

}  // namespace tollgate::config
