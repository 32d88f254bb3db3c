#include "admin/catalogue_json.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/json.h"
#include "base/secret.h"

namespace tollgate {
namespace {

class CatalogueJsonTest : public testing::Test {
 protected:
  CatalogueJsonTest() {
    Provider provider;
    provider.id = ProviderId("acme");
    provider.base_url = "https://upstream.example/v1";
    provider.api_key = Secret("upstream-credential");
    provider.region = "eu-west";
    provider.headers = {{"x-account", "private-header"}};
    Offer offer;
    offer.model = ModelId("acme/large");
    offer.provider = provider.id;
    offer.upstream_model = "large-internal";
    offer.region = "eu-west";
    offer.context_window = 128'000;
    offer.prices.tokens.input = Money::from_nanos(2'500'000'000);
    offer.prices.tokens.output = Money::from_nanos(10'000'000'000);
    offer.prices.tokens.cached_input = Money::from_nanos(1'250'000'000);
    offer.prices.tiers = {{.above_input_tokens = 200'000, .tokens = offer.prices.tokens}};
    offer.price_version = price_version(offer.prices);
    auto built = build_snapshot({.providers = {provider}, .offers = {offer}});
    EXPECT_TRUE(built);
    snapshot_ = *built;
  }

  json::value model(Role role) const {
    return parse_json(render_model(*snapshot_->find("acme/large"), role)).value();
  }
  std::string provider(Role role) const {
    return render_provider(*snapshot_, *snapshot_->provider(ProviderId("acme")), role,
                           ManualClock(WallTime()));
  }

  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(CatalogueJsonTest, ModelShowsItsOffersAndPricesAsDecimalStrings) {
  const json::value shown = model(Role::kAdmin);
  EXPECT_EQ(shown.at("id"), "acme/large");
  EXPECT_EQ(shown.at("sandbox"), false);
  EXPECT_EQ(shown.at("context_window"), 128'000);
  EXPECT_TRUE(shown.at("max_output_tokens").is_null());
  EXPECT_EQ(shown.at("prices").at("input"), "2.5");
  const auto& offer = shown.at("offers").at(0).as_object();
  EXPECT_EQ(offer.at("provider"), "acme");
  EXPECT_EQ(offer.at("source"), "file");
  EXPECT_EQ(offer.at("prices").at("cached_input"), "1.25");
  EXPECT_EQ(offer.at("prices").at("tiers").at(0).at("above_input_tokens"), 200'000);
  EXPECT_FALSE(offer.at("prices").as_object().contains("audio_input"));
}

TEST_F(CatalogueJsonTest, WhereUpstreamsAreIsForAdminsAndOperators) {
  for (const Role role : {Role::kViewer, Role::kMember}) {
    EXPECT_EQ(provider(role).find("upstream.example"), std::string::npos);
    EXPECT_FALSE(model(role).at("offers").at(0).as_object().contains("upstream_model"));
  }
  for (const Role role : {Role::kAdmin, Role::kOperator}) {
    EXPECT_NE(provider(role).find("upstream.example"), std::string::npos);
    EXPECT_EQ(model(role).at("offers").at(0).at("upstream_model"), "large-internal");
  }
}

TEST_F(CatalogueJsonTest, ProviderNeverShowsACredentialOrAHeader) {
  const std::string shown = provider(Role::kOperator);
  EXPECT_EQ(shown.find("upstream-credential"), std::string::npos);
  EXPECT_EQ(shown.find("private-header"), std::string::npos);
  const json::value value = parse_json(shown).value();
  EXPECT_EQ(value.at("models").at(0), "acme/large");
  EXPECT_EQ(value.at("region"), "eu-west");
}

TEST_F(CatalogueJsonTest, SandboxIsBuiltIn) {
  const Provider* sandbox = snapshot_->provider(ProviderId(std::string(kSandboxProvider)));
  ASSERT_NE(sandbox, nullptr);
  const json::value value =
      parse_json(render_provider(*snapshot_, *sandbox, Role::kViewer, ManualClock(WallTime())))
          .value();
  EXPECT_EQ(value.at("source"), "built-in");
  EXPECT_FALSE(value.at("models").as_array().empty());
}

TEST(PageRangeTest, PagesShowEveryIdOnceAndThenEnd) {
  const std::vector<std::string> ids = {"a", "b", "c", "d", "e"};
  std::string shown;
  std::string cursor;
  do {
    const auto range = page_range(ids, cursor, 2);
    ASSERT_TRUE(range);
    for (std::size_t i = range->first; i < range->end; ++i) shown += ids[i];
    cursor = range->next_cursor;
  } while (!cursor.empty());
  EXPECT_EQ(shown, "abcde");
}

TEST(PageRangeTest, FullLastPageHasNoNext) {
  EXPECT_TRUE(page_range({"a", "b"}, "", 2)->next_cursor.empty());
  EXPECT_TRUE(page_range({}, "", 2)->next_cursor.empty());
}

TEST(PageRangeTest, RefusesACursorThatIsNone) { EXPECT_FALSE(page_range({"a"}, "z", 2)); }

}  // namespace
}  // namespace tollgate
