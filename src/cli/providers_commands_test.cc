#include "cli/providers_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "cli/test_command_line.h"

namespace tollgate::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kProvider =
    R"({"id":"acme","dialect":"openai","base_url":"https://acme.example/v1","source":"api",)"
    R"("models":["a/b"],"offers":[{"model":"a/b","source":"api","health":{"state":"healthy",)"
    R"("success_rate":"1.0000"}}]})";

class ProvidersCommand : public CommandLineTest {
 protected:
  Received sent() const { return server_->received().at(0); }
};

TEST_F(ProvidersCommand, AddTakesTheCredentialFromTheVariableThatIsNamed) {
  serve_always(201, kProvider);
  variables_["ACME_KEY"] = "hush";
  const Ran ran = run_on_data({"providers", "add", "acme", "--base-url", "https://acme.example/v1",
                               "--api-key-env", "ACME_KEY", "--header", "X-Team: blue", "--models",
                               "a/b,a/c", "--allow-private"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(sent().method, "POST");
  EXPECT_EQ(sent().target, "/admin/v1/providers");
  const json::value body = parse_json(sent().body).value();
  EXPECT_EQ(body.at("id"), "acme");
  EXPECT_EQ(body.at("api_key"), "hush");
  EXPECT_EQ(body.at("headers").at("X-Team"), "blue");
  EXPECT_EQ(body.at("models").as_array().size(), 2U);
  EXPECT_EQ(body.at("allow_private"), true);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("Added provider acme"),
                             HasSubstr("tollgate providers test acme"), Not(HasSubstr("hush"))));
}

TEST_F(ProvidersCommand, CredentialThatIsNotThereIsWrongUsageAndNothingIsSent) {
  serve_always(201, kProvider);
  const Ran unset = run_on_data({"providers", "add", "acme", "--api-key-env", "NOT_SET"});
  EXPECT_EQ(unset.status, kExitUsage);
  EXPECT_THAT(unset.err, HasSubstr("NOT_SET is not set"));
  variables_["KEY"] = "hush";
  const Ran twice =
      run_on_data({"providers", "update", "acme", "--api-key-env", "KEY", "--no-api-key"});
  EXPECT_EQ(twice.status, kExitUsage);
  EXPECT_THAT(twice.err, HasSubstr("in one way"));
  EXPECT_TRUE(server_->received().empty());
}

TEST_F(ProvidersCommand, OptionsGoBeforeTheDocument) {
  serve_always(201, kProvider);
  const std::string path = data_ + "/acme.json";
  std::ofstream(path) << R"({"region":"us","base_url":"https://file.example","models":[]})";
  const Ran ran = run_on_data({"providers", "add", "acme", "--from", path, "--region", "eu"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  const json::value body = parse_json(sent().body).value();
  EXPECT_EQ(body.at("region"), "eu");
  EXPECT_EQ(body.at("base_url"), "https://file.example");
}

TEST_F(ProvidersCommand, UpdateSendsWhatIsNamedAndEmptyTextTakesBack) {
  serve_always(200, kProvider);
  EXPECT_EQ(run_on_data({"providers", "update", "acme", "--region", "", "--all-models",
                         "--responses", "native"})
                .status,
            kExitOk);
  EXPECT_EQ(sent().method, "PATCH");
  EXPECT_EQ(sent().target, "/admin/v1/providers/acme");
  EXPECT_EQ(parse_json(sent().body).value(),
            parse_json(R"({"responses":"native","region":null,"models":null})").value());
  const Ran nothing = run_on_data({"providers", "update", "acme"});
  EXPECT_EQ(nothing.status, kExitUsage);
  EXPECT_THAT(nothing.err, HasSubstr("Say what to change"));
}

TEST_F(ProvidersCommand, TestSaysTheVerdictAndFailsByIt) {
  serve([](const Received& received) {
    const bool sound = received.target.find("acme") != std::string::npos;
    return Reply{.body = sound ? R"({"ok":true,"verdict":"ok","message":"It answers."})"
                               : R"({"ok":false,"verdict":"tls","message":"TLS fails."})"};
  });
  const Ran sound = run_on_data({"providers", "test", "acme", "--model", "a/b"});
  EXPECT_EQ(sound.status, kExitOk);
  EXPECT_EQ(sound.out, "ok: It answers.\n");
  EXPECT_EQ(sent().body, R"({"model":"a/b"})");
  const Ran failed = run_on_data({"providers", "test", "other"});
  EXPECT_EQ(failed.status, kExitFailed);
  EXPECT_EQ(failed.err, "tls: TLS fails.\n");
  const Ran scripted = run_on_data({"providers", "test", "other", "--json"});
  EXPECT_EQ(scripted.status, kExitFailed);
  EXPECT_EQ(parse_json(scripted.out).value().at("verdict"), "tls");
}

TEST_F(ProvidersCommand, GetShowsEachOffer) {
  serve_always(200, kProvider);
  EXPECT_THAT(run_on_data({"providers", "get", "acme"}).out,
              AllOf(HasSubstr("https://acme.example/v1"), HasSubstr("a/b"), HasSubstr("healthy")));
}

TEST_F(ProvidersCommand, ModelsSetTellsFactsAndPricesApart) {
  serve_always(200, R"({"id":"a/b","offers":[]})");
  const Ran ran = run_on_data({"models", "set", "a/b", "--provider", "acme", "--input", "2.50",
                               "--output", "10", "--quality", "70", "--has", "tools"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(sent().method, "PATCH");
  EXPECT_EQ(sent().target, "/admin/v1/models/a%2Fb");
  EXPECT_EQ(parse_json(sent().body).value(),
            parse_json(R"({"quality":70,"capabilities":{"tools":true}})").value());
  const Received offer = server_->received().at(1);
  EXPECT_EQ(offer.method, "PUT");
  EXPECT_EQ(offer.target, "/admin/v1/models/a%2Fb/offers?provider=acme");
  EXPECT_EQ(parse_json(offer.body).value(),
            parse_json(R"({"prices":{"input":"2.50","output":"10"}})").value());
  const Ran nowhere = run_on_data({"models", "set", "a/b", "--input", "1"});
  EXPECT_EQ(nowhere.status, kExitUsage);
  EXPECT_THAT(nowhere.err, HasSubstr("--provider"));
}

TEST_F(ProvidersCommand, ProfilesCreateShowsTheSecretOnce) {
  serve_always(201, R"({"id":"prof_1","name":"support","honor_model":false,"key":{"id":"key_1",)"
                    R"("secret":"shown-once"}})");
  const Ran ran = run_on_data({"profiles", "create", "--name", "support", "--order", "a/b,c/*",
                               "--deny", "video", "--cost-cap", "0.05"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("shown this once: shown-once"));
  const json::value body = parse_json(sent().body).value();
  EXPECT_EQ(body.at("strategy").as_array().size(), 2U);
  EXPECT_EQ(body.at("capabilities").at("video"), false);
  EXPECT_EQ(body.at("cost_cap"), "0.05");
}

}  // namespace
}  // namespace tollgate::cli
