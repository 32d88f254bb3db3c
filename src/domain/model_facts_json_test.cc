#include "domain/model_facts_json.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

constexpr std::string_view kEverything =
    R"({"name":"Large","kind":"chat","context_window":128000,"max_output_tokens":4096,)"
    R"("capabilities":{"vision":true,"tools":false,"audio_input":null,"file_input":null,)"
    R"("video_input":null,"json_schema":true,"reasoning":null},"quality":70,"tier":"STANDARD",)"
    R"("tool_calling":0})";

Result<ModelFacts> read(std::string_view text, ModelFacts facts = {}) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value) << text;
  ObjectReader reader(*value);
  read_facts(reader, facts);
  if (Status sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return facts;
}

TEST(ModelFactsJsonTest, EveryFactGoesOutAndComesBack) {
  const auto facts = read(kEverything);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(json::serialize(facts_json(*facts)), kEverything);
}

TEST(ModelFactsJsonTest, WhatNobodyStatesIsNullAndNeverFalse) {
  const json::object out = facts_json(ModelFacts());
  EXPECT_TRUE(out.at("kind").is_null());
  EXPECT_TRUE(out.at("capabilities").as_object().at("vision").is_null());
  EXPECT_TRUE(out.at("tool_calling").is_null());
}

TEST(ModelFactsJsonTest, AChangeTouchesWhatItNamesAndNullTakesBack) {
  const auto changed =
      read(R"({"quality":80,"tier":null,"capabilities":{"tools":true,"vision":null}})",
           read(kEverything).value());
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->quality, 80);
  EXPECT_EQ(changed->tier, std::nullopt);
  EXPECT_EQ(changed->capabilities[Capability::kTools], Known::kYes);
  EXPECT_EQ(changed->capabilities[Capability::kVision], Known::kUnknown);
  EXPECT_EQ(changed->capabilities[Capability::kJsonSchema], Known::kYes);
  EXPECT_EQ(changed->name, "Large");
}

TEST(ModelFactsJsonTest, RefusesWhatIsNoFactNamingTheMember) {
  const auto refused = [](std::string_view text) {
    const auto facts = read(text);
    return facts ? std::string("(sound)") : facts.error().param.value_or("");
  };
  EXPECT_EQ(refused(R"({"kind":"poem"})"), "kind");
  EXPECT_EQ(refused(R"({"quality":101})"), "quality");
  EXPECT_EQ(refused(R"({"quality":-1})"), "quality");
  EXPECT_EQ(refused(R"({"tier":"HUGE"})"), "tier");
  EXPECT_EQ(refused(R"({"context_window":0})"), "context_window");
  EXPECT_EQ(refused(R"({"capabilities":{"smell":true}})"), "capabilities");
  EXPECT_EQ(refused(R"({"capabilities":{"tools":"yes"}})"), "capabilities.tools");
  EXPECT_EQ(refused(R"({"name":"  "})"), "name");
  EXPECT_EQ(refused(R"({"price":1})"), "price");
}

TEST(ModelFactsJsonTest, OwnFactsGoBeforeThoseBeneath) {
  const ModelFacts beneath = read(kEverything).value();
  ModelFacts own;
  own.source = "api";
  own.quality = 10;
  own.capabilities.set(Capability::kVision, Known::kNo);
  const ModelFacts both = layered_facts(own, beneath);
  EXPECT_EQ(both.quality, 10);
  EXPECT_EQ(both.source, "api");
  EXPECT_EQ(both.capabilities[Capability::kVision], Known::kNo);
  EXPECT_EQ(both.capabilities[Capability::kJsonSchema], Known::kYes);
  EXPECT_EQ(both.context_window, 128'000);
  EXPECT_EQ(both.tier, Tier::kStandard);
}

}  // namespace
}  // namespace tollgate
