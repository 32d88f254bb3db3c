// Prices against public facts about models, where they are at hand:
// TOLLGATE_SHARED_DATA/models.json.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/json.h"
#include "domain/price.h"

namespace tollgate {
namespace {

using Rational = boost::multiprecision::cpp_rational;
using Integer = boost::multiprecision::cpp_int;

// Rounded up once.
Integer rounded_up(const Rational& nanos) {
  const Integer whole = numerator(nanos) / denominator(nanos);
  return whole * denominator(nanos) == numerator(nanos) ? whole : Integer(whole + 1);
}

struct NamedPrice {
  std::string_view name;
  std::optional<Money> TokenPrices::* field;
};
constexpr NamedPrice kTokenPrices[] = {
    {"cached_input", &TokenPrices::cached_input},
    {"cache_write", &TokenPrices::cache_write},
    {"cache_write_1h", &TokenPrices::cache_write_1h},
    {"reasoning_output", &TokenPrices::reasoning_output},
    {"audio_input", &TokenPrices::audio_input},
    {"audio_output", &TokenPrices::audio_output},
    {"image_input", &TokenPrices::image_input},
    {"cached_image_input", &TokenPrices::cached_image_input},
    {"video_input", &TokenPrices::video_input},
    {"text_output", &TokenPrices::text_output},
};
struct NamedUnit {
  std::string_view name;
  std::optional<Money> Prices::* field;
};
constexpr NamedUnit kUnits[] = {
    {"per_request", &Prices::per_request},
    {"per_image", &Prices::per_image},
    {"per_minute", &Prices::per_minute},
    {"per_million_characters", &Prices::per_million_characters},
};

// False for a name that a TokenPrices has no field for.
bool set_token_price(TokenPrices& tokens, std::string_view name, Money price) {
  if (name == "input") {
    tokens.input = price;
    return true;
  }
  if (name == "output") {
    tokens.output = price;
    return true;
  }
  for (const NamedPrice& one : kTokenPrices) {
    if (one.name != name) continue;
    tokens.*one.field = price;
    return true;
  }
  return false;
}

bool set_unit_price(Prices& prices, std::string_view name, Money price) {
  for (const NamedUnit& one : kUnits) {
    if (one.name != name) continue;
    prices.*one.field = price;
    return true;
  }
  return false;
}

// A price of null is one that the offer does not have. A side without any price (the output of
// embeddings) costs nothing.
void read_prices(const json::object& from, Prices& prices, TokenPrices& tokens) {
  for (const auto& [name, value] : from) {
    if (value.is_null()) continue;
    const auto price = parse_money(value.as_string());
    ASSERT_TRUE(price) << name << ": " << value.as_string();
    const std::string_view key(name.data(), name.size());
    EXPECT_TRUE(set_token_price(tokens, key, *price) || set_unit_price(prices, key, *price)) << key;
  }
}

Prices prices_of(const json::object& offer) {
  Prices prices;
  read_prices(offer.at("prices").as_object(), prices, prices.tokens);
  const json::value* tiers = offer.if_contains("tiers");
  if (tiers == nullptr || tiers->is_null()) return prices;
  for (const json::value& tier : tiers->as_array()) {
    PriceTier& made = prices.tiers.emplace_back();
    made.above_input_tokens = tier.at("above_input_tokens").as_int64();
    Prices no_units;
    read_prices(tier.at("prices").as_object(), no_units, made.tokens);
    EXPECT_FALSE(no_units.per_request || no_units.per_image) << "a tier has prices of tokens alone";
  }
  return prices;
}

// A million tokens of one side, where they go at the price that the catalogue names.
void expect_costs_what_it_says(const json::object& stated, const Prices& prices,
                               std::int64_t input) {
  const Money fee = prices.per_request.value_or(Money());
  const auto nanos = [&](std::string_view side) {
    const json::value* value = stated.if_contains(side);
    return value == nullptr || value->is_null() ? 0 : parse_money(value->as_string())->nanos();
  };
  const Rational expected =
      Rational(nanos("input")) * input / 1'000'000 + nanos("output") + fee.nanos();
  EXPECT_EQ(Integer(cost_of(prices, {.input = input, .output = 1'000'000}).amount.nanos()),
            rounded_up(expected));
}

TEST(PriceCatalogue, EveryPublicOfferCanBeExpressed) {
  const char* set = std::getenv("TOLLGATE_SHARED_DATA");
  const std::filesystem::path data =
      set != nullptr ? set : std::filesystem::path(TOLLGATE_SOURCE_DIR) / ".." / "shared" / "data";
  std::ifstream file(data / "models.json", std::ios::binary);
  if (!file) GTEST_SKIP() << "no models.json below TOLLGATE_SHARED_DATA";
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto catalogue = parse_json(text);
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  int offers = 0;
  for (const json::value& model : catalogue->at("models").as_array()) {
    for (const json::value& offer : model.at("offers").as_array()) {
      SCOPED_TRACE(model.at("id").as_string());
      const Prices prices = prices_of(offer.as_object());
      const json::object& stated = offer.at("prices").as_object();
      expect_costs_what_it_says(stated, prices, prices.tiers.empty() ? 1'000'000 : 1'000);
      for (std::size_t i = 0; i < prices.tiers.size(); ++i) {
        const json::object& tier = offer.at("tiers").at(i).at("prices").as_object();
        expect_costs_what_it_says(tier, prices, prices.tiers[i].above_input_tokens + 1);
      }
      ++offers;
    }
  }
  EXPECT_GE(offers, 300);
}

}  // namespace
}  // namespace tollgate
