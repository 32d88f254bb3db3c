#include "domain/price_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace tollgate {
namespace {

constexpr std::int64_t kTierTokensMax = 1'000'000'000;
constexpr std::size_t kTiersMax = 16;

struct TokenMember {
  std::string_view name;
  std::optional<Money> TokenPrices::* price;
};
constexpr std::array<TokenMember, 10> kTokenMembers = {
    {{"cached_input", &TokenPrices::cached_input},
     {"cache_write", &TokenPrices::cache_write},
     {"cache_write_1h", &TokenPrices::cache_write_1h},
     {"reasoning_output", &TokenPrices::reasoning_output},
     {"audio_input", &TokenPrices::audio_input},
     {"audio_output", &TokenPrices::audio_output},
     {"image_input", &TokenPrices::image_input},
     {"cached_image_input", &TokenPrices::cached_image_input},
     {"video_input", &TokenPrices::video_input},
     {"text_output", &TokenPrices::text_output}}};

struct UnitMember {
  std::string_view name;
  std::optional<Money> Prices::* price;
};
constexpr std::array<UnitMember, 4> kUnitMembers = {
    {{"per_request", &Prices::per_request},
     {"per_image", &Prices::per_image},
     {"per_minute", &Prices::per_minute},
     {"per_million_characters", &Prices::per_million_characters}}};

void put(json::object& out, std::string_view name, const std::optional<Money>& price) {
  if (price) out[name] = format_money(*price);
}

void put_tokens(json::object& out, const TokenPrices& prices) {
  put(out, "input", prices.input);
  put(out, "output", prices.output);
  for (const TokenMember& member : kTokenMembers) put(out, member.name, prices.*member.price);
}

// One object of prices: what of it was read, and whether all of it was sound.
class PriceReader {
 public:
  PriceReader(const json::value& value, std::string path, const ProblemSink& problem)
      : object_(value.if_object()), path_(std::move(path)), problem_(problem) {
    if (object_ != nullptr) return;
    note("", "must be an object such as {\"input\": \"2.50\", \"output\": \"10.00\"}");
  }

  std::optional<Money> amount(std::string_view name) {
    const json::value* const value = member(name);
    if (value == nullptr) return std::nullopt;
    std::string text;
    if (const auto* written = value->if_string()) text = std::string(*written);
    if (const auto* whole = value->if_int64()) text = std::to_string(*whole);
    const auto money = parse_money(text);
    if (money) return *money;
    note(name,
         "must be an amount of USD such as \"2.50\": digits, at most 9 of them after the "
         "point, no sign, no exponent");
    return Money();  // said; not said again as missing
  }

  // Null stands for a price that there is not.
  const json::value* member(std::string_view name) {
    known_.push_back(name);
    if (object_ == nullptr) return nullptr;
    const json::value* const value = object_->if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  void note(std::string_view name, std::string what) {
    sound_ = false;
    problem_(name.empty() ? path_ : path_of(name), std::move(what));
  }

  // Something inside was wrong, and has been said.
  void spoil() { sound_ = false; }

  std::string path_of(std::string_view name) const { return fmt::format("{}.{}", path_, name); }
  bool readable() const { return object_ != nullptr; }

  // Whether everything was right; members that nobody asked for are not.
  bool finish() {
    if (object_ == nullptr) return false;
    for (const auto& entry : *object_) {
      const std::string_view name = entry.key();
      if (std::ranges::find(known_, name) == known_.end())
        note("", "has a member that is no price");
    }
    return sound_;
  }

 private:
  const json::object* object_;
  std::string path_;
  const ProblemSink& problem_;
  std::vector<std::string_view> known_;
  bool sound_ = true;
};

enum class TokensStated { kNone, kSome };

TokensStated read_tokens(PriceReader& reader, PriceSides sides, TokenPrices& prices) {
  std::optional<Money> input = reader.amount("input");
  std::optional<Money> output = reader.amount("output");
  bool others = false;
  for (const TokenMember& member : kTokenMembers) {
    prices.*member.price = reader.amount(member.name);
    others = others || prices.*member.price;
  }
  if (!input && !output && !others) return TokensStated::kNone;
  if (sides == PriceSides::kEitherStated && (input || output)) {
    prices.input = input ? *input : *output;
    prices.output = output ? *output : *input;
    return TokensStated::kSome;
  }
  for (const auto& [name, price] : {std::pair("input", input), std::pair("output", output)}) {
    if (!price && reader.readable())
      reader.note(name, "is missing; write \"0\" if it costs nothing");
  }
  prices.input = input.value_or(Money());
  prices.output = output.value_or(Money());
  return TokensStated::kSome;
}

void read_tier(const json::value& value, const std::string& path, PriceSides sides,
               const ProblemSink& problem, PriceReader& whole, Prices& prices) {
  PriceReader reader(value, path, problem);
  PriceTier tier;
  const json::value* const above = reader.member("above_input_tokens");
  const std::int64_t* const tokens = above == nullptr ? nullptr : above->if_int64();
  if (tokens == nullptr || *tokens < 1 || *tokens > kTierTokensMax) {
    reader.note("above_input_tokens",
                "must be the input from which on this tier holds, 1 to "
                "1000000000 tokens");
  } else if (!prices.tiers.empty() && *tokens <= prices.tiers.back().above_input_tokens) {
    reader.note("above_input_tokens", "must be more than in the tier before");
  } else {
    tier.above_input_tokens = *tokens;
  }
  if (read_tokens(reader, sides, tier.tokens) == TokensStated::kNone) {
    reader.note("", "has no prices");
  }
  if (reader.finish()) {
    prices.tiers.push_back(std::move(tier));
  } else {
    whole.spoil();
  }
}

void read_tiers(PriceReader& reader, PriceSides sides, const ProblemSink& problem, Prices& prices) {
  const json::value* const value = reader.member("tiers");
  if (value == nullptr) return;
  const auto* const tiers = value->if_array();
  if (tiers == nullptr || tiers->size() > kTiersMax) {
    return reader.note("tiers", "must be an array of at most 16 tiers");
  }
  for (std::size_t i = 0; i < tiers->size(); ++i) {
    read_tier((*tiers)[i], fmt::format("{}[{}]", reader.path_of("tiers"), i), sides, problem,
              reader, prices);
  }
}

}  // namespace

json::object prices_json(const Prices& prices) {
  json::object out;
  if (prices.by_token) put_tokens(out, prices.tokens);
  for (const UnitMember& member : kUnitMembers) put(out, member.name, prices.*member.price);
  if (prices.tiers.empty()) return out;
  json::array tiers;
  for (const PriceTier& tier : prices.tiers) {
    json::object one{{"above_input_tokens", tier.above_input_tokens}};
    put_tokens(one, tier.tokens);
    tiers.emplace_back(std::move(one));
  }
  out["tiers"] = std::move(tiers);
  return out;
}

std::optional<Prices> read_prices(const json::value& value, const std::string& path,
                                  PriceSides sides, const ProblemSink& problem) {
  PriceReader reader(value, path, problem);
  Prices prices;
  prices.by_token = read_tokens(reader, sides, prices.tokens) == TokensStated::kSome;
  bool units = false;
  for (const UnitMember& member : kUnitMembers) {
    prices.*member.price = reader.amount(member.name);
    units = units || prices.*member.price;
  }
  read_tiers(reader, sides, problem, prices);
  if (!prices.by_token && !prices.tiers.empty()) reader.note("tiers", "needs prices of tokens");
  if (!prices.by_token && !units && reader.readable()) {
    reader.note("", "states no price; 0 is a price");
  }
  if (!reader.finish()) return std::nullopt;
  return prices;
}

}  // namespace tollgate
