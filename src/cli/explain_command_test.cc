#include "cli/explain_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/test_command_line.h"

namespace tollgate::cli {
namespace {

using ::testing::HasSubstr;

using ExplainCommand = CommandLineTest;

constexpr std::string_view kRefused =
    R"({"allowed":false,"refusal":{"step":"limits","status":429,"code":"limit_exceeded",)"
    R"("message":"Wait."},"model":null,"provider":null,"candidates":[{"model":"a/m",)"
    R"("provider":"p","region":null,"cost_bound":"0.5","input_tokens_bound":12,)"
    R"("output_tokens_bound":3}],"decision":null,"limits":[]})";

TEST_F(ExplainCommand, MakesARequestOfThePromptAndSaysWhatRefusedIt) {
  serve_always(200, std::string(kRefused));
  const Ran ran = run_on_data({"explain", "checkout", "Say \"hi\"", "--model", "tollgate/auto",
                               "--max-tokens", "9", "--region", "eu"});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/route/explain");
  EXPECT_EQ(server_->received().at(0).body,
            R"({"key":"checkout","region":"eu","body":{"model":"tollgate/auto",)"
            R"("messages":[{"role":"user","content":"Say \"hi\""}],"max_tokens":9}})");
  EXPECT_EQ(ran.out,
            "Refused with 429 limit_exceeded, by the limits: Wait.\n"
            "\n"
            "BOUND AT  PROVIDER  REGION  COST  INPUT  OUTPUT\n"
            "a/m       p         -        0.5     12       3\n");
}

TEST_F(ExplainCommand, SendsAFileAsItIs) {
  serve_always(200, R"({"allowed":true,"refusal":null,"model":"a/m","provider":"p"})");
  const std::string name = testing::TempDir() + "/explain_body.json";
  std::ofstream(name) << R"({ "model" : "a/m" })";
  const Ran ran = run_on_data({"explain", "checkout", "--body", name, "--route", "/v1/messages"});
  EXPECT_THAT(server_->received().at(0).body,
              HasSubstr(R"("route":"/v1/messages","body":{ "model" : "a/m" }})"));
  EXPECT_EQ(ran.out, "Allowed: it would go to a/m at p.\n");
  EXPECT_EQ(run_on_data({"explain", "checkout", "hi", "--body", name}).status, kExitUsage);
  EXPECT_EQ(run_on_data({"explain", "checkout", "--body", name + "x"}).status, kExitUsage);
  EXPECT_EQ(run_on_data({"explain"}).status, kExitUsage);
}

}  // namespace
}  // namespace tollgate::cli
