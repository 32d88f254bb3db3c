#include "config/provider_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/describe.h"
#include "config/test_config.h"

namespace tollgate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The example of the contract (SPEC §12), with `model` and `provider` lines added.
std::string acme(const std::string& provider_lines = "", const std::string& model_lines = "",
                 const std::string& prices = "{input: \"2.50\", output: \"10.00\"}") {
  std::string text =
      "providers:\n"
      "  - id: acme\n"
      "    dialect: openai\n"
      "    base_url: http://127.0.0.1:9000/v1\n"
      "    api_key: ${ACME_KEY}\n"
      "    region: eu-west\n" +
      provider_lines +
      "    models:\n"
      "      - id: acme/large\n"
      "        upstream_model: large\n"
      "        context_window: 128000\n"
      "        max_output_tokens: 4096\n" +
      model_lines;
  if (!prices.empty()) text += "        prices: " + prices + "\n";
  return text;
}

class ProviderSettings : public ConfigFixture {
 protected:
  ProviderSettings() { variables_["ACME_KEY"] = "hidden-word"; }

  Prices prices(const std::string& text) const {
    return load(acme("", "", text)).value().catalogue.offers.at(0).prices;
  }
};

TEST_F(ProviderSettings, ReadTheExampleOfTheContract) {
  const auto settings =
      load(acme("", "", "{input: \"2.50\", cached_input: \"1.25\", output: 10.00}"));
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->catalogue.providers.size(), 1u);
  const Provider& provider = settings->catalogue.providers[0];
  EXPECT_EQ(provider.id.get(), "acme");
  EXPECT_EQ(provider.dialect, Dialect::kOpenAi);
  EXPECT_EQ(provider.responses, ResponsesRoute::kAuto);
  EXPECT_EQ(provider.base_url, "http://127.0.0.1:9000/v1");
  EXPECT_EQ(provider.api_key.expose(), "hidden-word");
  EXPECT_EQ(provider.region, "eu-west");
  ASSERT_EQ(settings->catalogue.offers.size(), 1u);
  const Offer& offer = settings->catalogue.offers[0];
  EXPECT_EQ(offer.model.get(), "acme/large");
  EXPECT_EQ(offer.provider.get(), "acme");
  EXPECT_EQ(offer.upstream_model, "large");
  EXPECT_EQ(offer.region, "eu-west");
  EXPECT_EQ(offer.context_window, 128'000);
  EXPECT_EQ(offer.max_output_tokens, 4'096);
  EXPECT_EQ(offer.max_tokens_field, "max_tokens");
  EXPECT_EQ(offer.image_tokens_max, 16'384);
  EXPECT_EQ(offer.prices.tokens.input.nanos(), 2'500'000'000);
  EXPECT_EQ(offer.prices.tokens.cached_input.value().nanos(), 1'250'000'000);
  EXPECT_EQ(offer.prices.tokens.output.nanos(), 10'000'000'000);
  EXPECT_EQ(offer.price_version, price_version(offer.prices));
}

TEST_F(ProviderSettings, ReadTheRestOfAProvider) {
  const std::string ca = write("ca.pem", "x");
  const auto settings = load(acme("    ca_file: " + ca +
                                      "\n"
                                      "    headers: {X-Team: blue, OpenAI-Organization: org}\n"
                                      "    connections_max: 9\n"
                                      "    deadlines: {connect_ms: 1, head_ms: 2, silence_ms: 3, "
                                      "total_ms: 4}\n",
                                  "        max_tokens_field: max_completion_tokens\n"
                                  "        image_tokens_max: 1000\n"
                                  "        audio_seconds_max: 1500\n"
                                  "        region: us-east\n"));
  ASSERT_TRUE(settings) << settings.error().message;
  const Provider& provider = settings->catalogue.providers[0];
  EXPECT_EQ(provider.headers.at("X-Team"), "blue");
  EXPECT_EQ(provider.connections_max, 9);
  EXPECT_EQ(provider.deadlines.connect.count(), 1);
  EXPECT_EQ(provider.deadlines.head.count(), 2);
  EXPECT_EQ(provider.deadlines.silence.count(), 3);
  EXPECT_EQ(provider.deadlines.total.count(), 4);
  EXPECT_EQ(settings->provider_ca_files.at(ProviderId("acme")), ca);
  EXPECT_EQ(settings->catalogue.offers[0].max_tokens_field, "max_completion_tokens");
  EXPECT_EQ(settings->catalogue.offers[0].image_tokens_max, 1'000);
  EXPECT_EQ(settings->catalogue.offers[0].audio_seconds_max, 1'500);
  EXPECT_EQ(settings->catalogue.offers[0].region, "us-east");
}

TEST_F(ProviderSettings, ReadEveryPriceFieldExactly) {
  const Prices all = prices(
      "{input: 0.1, cached_input: 0.000000001, cache_write: 1, cache_write_1h: 2, output: 3, "
      "reasoning_output: 4, audio_input: 5, audio_output: 6, image_input: 7, "
      "cached_image_input: 8, video_input: 9, text_output: 10, per_request: 11, per_image: 12, "
      "per_minute: 13, per_million_characters: 14, tiers: [{above_input_tokens: 200000, input: 15, "
      "output: 16, cached_input: 17}, {above_input_tokens: 400000, input: 18, output: 19}]}");
  const TokenPrices& tokens = all.tokens;
  EXPECT_EQ(tokens.input.nanos(), 100'000'000);
  EXPECT_EQ(tokens.cached_input.value().nanos(), 1);
  const auto usd = [](std::int64_t amount) { return Money::from_nanos(amount * 1'000'000'000); };
  EXPECT_EQ(tokens.cache_write.value(), usd(1));
  EXPECT_EQ(tokens.cache_write_1h.value(), usd(2));
  EXPECT_EQ(tokens.output, usd(3));
  EXPECT_EQ(tokens.reasoning_output.value(), usd(4));
  EXPECT_EQ(tokens.audio_input.value(), usd(5));
  EXPECT_EQ(tokens.audio_output.value(), usd(6));
  EXPECT_EQ(tokens.image_input.value(), usd(7));
  EXPECT_EQ(tokens.cached_image_input.value(), usd(8));
  EXPECT_EQ(tokens.video_input.value(), usd(9));
  EXPECT_EQ(tokens.text_output.value(), usd(10));
  EXPECT_EQ(all.per_request.value(), usd(11));
  EXPECT_EQ(all.per_image.value(), usd(12));
  EXPECT_EQ(all.per_minute.value(), usd(13));
  EXPECT_EQ(all.per_million_characters.value(), usd(14));
  ASSERT_EQ(all.tiers.size(), 2u);
  EXPECT_EQ(all.tiers[0].above_input_tokens, 200'000);
  EXPECT_EQ(all.tiers[0].tokens.cached_input.value(), usd(17));
  EXPECT_EQ(all.tiers[1].tokens.output, usd(19));
}

TEST_F(ProviderSettings, TakeZeroAsAPriceAndRefuseItsAbsence) {
  EXPECT_EQ(prices("{input: 0, output: 0}").tokens.input, Money());
  EXPECT_THAT(problems(acme("", "", "")), HasSubstr("t.yaml:8:9: providers[0].models[0]: has no "
                                                    "prices; a model needs them, and 0 is a "
                                                    "price"));
  EXPECT_THAT(problems(acme("", "", "{input: 1}")), HasSubstr("has no price for `output`"));
  EXPECT_THAT(problems(acme("", "", "{output: 1, input: }")), HasSubstr("no price for `input`"));
}

TEST_F(ProviderSettings, NameTheOutputLimitByAMemberThatTheGatewayReads) {
  EXPECT_THAT(problems(acme("", "        max_tokens_field: max_length\n")),
              HasSubstr("max_tokens_field: must be max_tokens or max_completion_tokens"));
  EXPECT_THAT(problems(acme("", "        image_tokens_max: 0\n")), HasSubstr("image_tokens_max"));
}

TEST_F(ProviderSettings, RefuseAmountsThatAreNotPlainDecimals) {
  for (const std::string amount :
       {"-1", "1e3", ".5x", "cheap", "0.0000000001", "99999999999999", "''", "0x10", "1_000"}) {
    EXPECT_THAT(
        problems(acme("", "", "{input: " + amount + ", output: 1}")),
        AllOf(HasSubstr("prices.input: must be an amount of USD"), Not(HasSubstr("no price"))))
        << amount;
  }
}

TEST_F(ProviderSettings, RefuseTiersOutOfOrderOrWithoutTheirStart) {
  EXPECT_THAT(problems(acme("", "",
                            "{input: 1, output: 1, tiers: [{above_input_tokens: 2, input: 1, "
                            "output: 1}, {above_input_tokens: 2, input: 1, output: 1}]}")),
              HasSubstr("prices.tiers[1]: tiers must stand in ascending order"));
  EXPECT_THAT(problems(acme("", "", "{input: 1, output: 1, tiers: [{input: 1, output: 1}]}")),
              HasSubstr("`above_input_tokens` is missing"));
}

TEST_F(ProviderSettings, RefuseUnknownKeysAtEveryDepth) {
  EXPECT_THAT(problems(acme("    base_ulr: x\n")), HasSubstr("did you mean `base_url`?"));
  EXPECT_THAT(problems(acme("", "        contxt_window: 1\n")),
              HasSubstr("did you mean `context_window`?"));
  EXPECT_THAT(problems(acme("", "", "{input: 1, outptu: 2, output: 3}")),
              HasSubstr("did you mean `output`?"));
  EXPECT_THAT(problems(acme("    deadlines: {conect_ms: 1}\n")),
              HasSubstr("did you mean `connect_ms`?"));
}

TEST_F(ProviderSettings, RefuseAnotherDialectNamingThoseThatAreSpoken) {
  EXPECT_THAT(problems("providers: [{id: a, base_url: 'http://h', dialect: claude}]"),
              HasSubstr("providers[0].dialect: must be openai, anthropic or azure-openai"));
}

TEST_F(ProviderSettings, RefuseAnApiVersionThatWouldChangeTheUrl) {
  EXPECT_THAT(problems("providers: [{id: a, base_url: 'http://h', dialect: azure-openai, "
                       "api_version: '2024&x=1'}]"),
              HasSubstr("providers[0].api_version: must be 1–64 letters"));
}

TEST_F(ProviderSettings, RefuseWhatIsMissing) {
  EXPECT_THAT(problems("providers: [{models: [{prices: {input: 0, output: 0}}]}]"),
              AllOf(HasSubstr("providers[0]: `id` is missing"),
                    HasSubstr("providers[0]: `base_url` is missing"),
                    HasSubstr("providers[0].models[0]: `id` is missing")));
}

TEST_F(ProviderSettings, RefuseWhatIsNoMappingOnlyForThat) {
  EXPECT_EQ(problems("providers: [{id: a, base_url: 'http://h', models: [m]}]"),
            "t.yaml:1:52: providers[0].models[0]: must be a mapping (`key: value` lines), not a "
            "single value");
  EXPECT_EQ(problems("providers: [acme]"),
            "t.yaml:1:13: providers[0]: must be a mapping (`key: value` lines), not a single "
            "value");
}

TEST_F(ProviderSettings, RefuseRepeatedIdsPointingAtTheFirst) {
  const std::string two =
      "providers:\n- {id: a, base_url: 'http://h'}\n- {id: a, base_url: 'http://h'}\n";
  EXPECT_THAT(problems(two), HasSubstr("t.yaml:3:8: providers[1].id: is the id of the provider in "
                                       "line 2"));
  const std::string model = "{id: m, prices: {input: 0, output: 0}}";
  const std::string head = "providers:\n- id: a\n  base_url: http://h\n  models:\n  - ";
  EXPECT_THAT(problems(head + model + "\n  - " + model + "\n"), HasSubstr("already, in line 5"));
  // The same model in another region, or at another provider, is another offer.
  EXPECT_TRUE(load(head + model + "\n  - {id: m, region: eu, prices: {input: 0, output: 0}}\n"));
}

TEST_F(ProviderSettings, KeepTheSandboxForItself) {
  EXPECT_THAT(problems("providers: [{id: sandbox, base_url: 'http://h'}]"),
              HasSubstr("built-in provider"));
  EXPECT_THAT(problems("providers: [{id: a, base_url: 'http://h', models: [{id: sandbox/echo, "
                       "prices: {input: 0, output: 0}}]}]"),
              HasSubstr("built-in provider"));
}

TEST_F(ProviderSettings, RefuseAnOutputAboveTheContextAndBadCharacters) {
  EXPECT_THAT(problems("providers: [{id: a, base_url: 'http://h', models: [{id: m, context_window: "
                       "10, max_output_tokens: 11, prices: {input: 0, output: 0}}]}]"),
              HasSubstr("max_output_tokens is above context_window"));
  EXPECT_THAT(
      problems("providers: [{id: 'a b', base_url: 'http://h', region: 'x y'}]"),
      AllOf(HasSubstr("providers[0].id: must be"), HasSubstr("providers[0].region: must be")));
}

TEST_F(ProviderSettings, RefuseHeadersThatFrameOrInject) {
  for (const std::string header :
       {"Host: x", "content-length: '1'", "Transfer-Encoding: chunked", "Connection: close",
        "'X Y': a", "X-A: \"a\\r\\nB: c\"", "Content-Type: text/plain"}) {
    EXPECT_THAT(problems(acme("    headers: {" + header + "}\n")), HasSubstr("headers.")) << header;
  }
  EXPECT_THAT(problems(acme("    headers: {X-A: a, x-a: b}\n")), HasSubstr("stands twice"));
  EXPECT_THAT(problems(acme("    headers: {Authorization: Basic x}\n")),
              HasSubstr("both api_key and an Authorization header"));
}

TEST_F(ProviderSettings, RefuseACredentialThatIsEmptyOrHoldsALineEnd) {
  variables_["ACME_KEY"] = "";
  EXPECT_THAT(problems(acme()), HasSubstr("providers[0].api_key: is empty"));
  variables_["ACME_KEY"] = "hidden-word\r\nX: y";
  EXPECT_THAT(problems(acme()), AllOf(HasSubstr("providers[0].api_key: must be visible ASCII"),
                                      Not(HasSubstr("hidden"))));
  variables_.erase("ACME_KEY");
  EXPECT_THAT(problems(acme()), HasSubstr("the environment variable ACME_KEY is not set"));
}

TEST_F(ProviderSettings, NeverRepeatACredentialWhereverItLandsByATypingError) {
  for (const std::string yaml : {
           "providers:\n- id: acme\n  api_key:hidden-word\n  base_url: http://h\n",
           "providers:\n- {id: acme, api_key:hidden-word, base_url: http://h}\n",
           "providers:\n- id: acme\n  api_key:hidden-word: x\n",
           "providers:\n- id: acme\n  api_key: *hidden-word\n",
           "providers:\n- id: acme\n  api_key: \"hidden-word\n",
           "providers:\n- id: acme\n  api_key: [hidden-word]\n",
           "providers:\n- id: acme\n  base_url: https://hidden-word@h\n",
           "providers:\n- id: acme\n  base_url: hidden-word\n  region: hidden-word!\n",
           "providers:\n- id: acme\n  headers: {X: \"hidden-word\\n\"}\n",
           "listen: hidden-word\n",
       }) {
    const std::string text = problems(yaml);
    EXPECT_THAT(text, AllOf(HasSubstr("t.yaml:"), Not(HasSubstr("hidden-word")))) << yaml;
  }
}

TEST_F(ProviderSettings, AreDescribedWithoutAnythingSecret) {
  variables_["HTTPS_PROXY"] = "http://me:hidden-word@proxy:1";
  const auto settings = load(acme("    headers: {X-Token: hidden-word}\n"));
  ASSERT_TRUE(settings) << settings.error().message;
  const json::object document = describe_settings(*settings);
  const std::string text = json::serialize(document);
  EXPECT_EQ(text.find("hidden-word"), std::string::npos);
  const json::object& provider = document.at("providers").as_array().at(0).as_object();
  EXPECT_TRUE(provider.at("api_key").as_bool());
  EXPECT_EQ(provider.at("headers").as_array().at(0).as_string(), "X-Token");
  EXPECT_EQ(provider.at("models").as_array().at(0).as_object().at("input").as_string(), "2.5");
  EXPECT_TRUE(document.at("https_proxy").as_object().at("credentials").as_bool());
}

TEST_F(ProviderSettings, SayWhoMakesResponses) {
  for (const auto& [text, route] :
       {std::pair("auto", ResponsesRoute::kAuto), std::pair("native", ResponsesRoute::kNative),
        std::pair("translated", ResponsesRoute::kTranslated)}) {
    const auto settings = load(acme(std::string("    responses: ") + text + "\n"));
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->catalogue.providers[0].responses, route);
  }
  EXPECT_THAT(problems(acme("    responses: both\n")),
              HasSubstr("providers[0].responses: must be auto, native or translated"));
  EXPECT_THAT(problems("providers: [{id: a, base_url: 'http://h', dialect: anthropic, "
                       "responses: native}]"),
              HasSubstr("providers[0].responses: cannot be native"));
}

}  // namespace
}  // namespace tollgate
