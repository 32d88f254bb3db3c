#include "cli/report_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/test_command_line.h"

namespace tollgate::cli {
namespace {

using ::testing::HasSubstr;

using ReportCommand = CommandLineTest;

TEST_F(ReportCommand, UsagePrintsRows) {
  serve_always(200,
               R"({"data":[{"id":"gen_0000000000000001","admitted_at":"2026-11-21T10:15:30.1Z",)"
               R"("key_name":"checkout","model":"acme/large","provider":"acme","status":200,)"
               R"("error_code":null,"input_tokens":12,"output_tokens":3,"charged":"0.000125",)"
               R"("metering":"reported","latency_ms":40}],"next_cursor":null})");
  const Ran ran = run_on_data({"usage", "--key", "checkout", "--model", "acme/large", "--from",
                               "7d", "--to", "2026-11-30", "--limit", "5"});
  EXPECT_EQ(server_->received().at(0).target,
            "/admin/v1/usage?key=checkout&model=acme%2Flarge&from=2026-11-14T10%3A15%3A30.000000Z&"
            "to=2026-11-30&limit=5");
  EXPECT_EQ(ran.out,
            "ADMITTED          KEY       MODEL       PROVIDER  STATUS  ERROR  INPUT  OUTPUT   "
            "CHARGED  METERING  MS  ID\n"
            "2026-11-21 10:15  checkout  acme/large  acme         200  -         12       3  "
            "0.000125  reported  40  gen_0000000000000001\n");
}

TEST_F(ReportCommand, UsageOfOneIdPrintsItsAttemptsAndItsDecision) {
  serve_always(
      200,
      R"({"id":"gen_0000000000000001","model":"acme/large","status":200,"error_code":null,)"
      R"("attempts":[{"provider":"acme","model":"acme/large","status":500,"cost":"0","ms":7}],)"
      R"("route_decision":{"strategy":"cheapest","tier":"LIGHT","confidence":0.73,"eligible":1,)"
      R"("dropped_counts":{"region":2},"candidates":[{"model":"acme/large","provider":"acme",)"
      R"("region":"","health":"healthy","score":0.5}],"dropped":[{"model":"b/m","provider":"b",)"
      R"("region":"us","why":"region"}]}})");
  const Ran ran = run_on_data({"usage", "gen_0000000000000001"});
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/usage/gen_0000000000000001");
  EXPECT_EQ(ran.out,
            "id          gen_0000000000000001\n"
            "model       acme/large\n"
            "status      200\n"
            "error_code  -\n"
            "\n"
            "ATTEMPT AT  MODEL       STATUS  COST  MS\n"
            "acme        acme/large     500     0   7\n"
            "\n"
            "strategy    cheapest\n"
            "confidence  0.73\n"
            "tier        LIGHT\n"
            "eligible    1\n"
            "dropped     region 2\n"
            "\n"
            "CANDIDATE   PROVIDER  REGION  HEALTH   SCORE\n"
            "acme/large  acme      -       healthy    0.5\n"
            "\n"
            "DROPPED  PROVIDER  REGION  WHY\n"
            "b/m      b         us      region\n");
  EXPECT_EQ(run_on_data({"usage", "gen_0000000000000001", "--by", "day"}).status, kExitUsage);
}

TEST_F(ReportCommand, UsagePrintsTotals) {
  serve_always(
      200, R"({"data":[{"day":"2026-11-21","requests":2,"errors":1,"input_tokens":12,)"
           R"("cached_input_tokens":0,"output_tokens":3,"charged":"0.5"}],"next_cursor":null})");
  const Ran ran = run_on_data({"usage", "--by", "day"});
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/usage?group_by=day&limit=100");
  EXPECT_EQ(ran.out,
            "DAY         REQUESTS  ERRORS  INPUT  CACHED  OUTPUT  CHARGED\n"
            "2026-11-21         2       1     12       0       3      0.5\n");
}

TEST_F(ReportCommand, UsageStreamsCsvWhole) {
  std::string csv = "id,cost\n";
  while (csv.size() < 300'000) csv += "gen_1,0.5\n";
  serve_always(200, csv);
  const Ran ran = run_on_data({"usage", "--csv", "--by", "key"});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_EQ(ran.out, csv);
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/usage?group_by=key&format=csv");
  EXPECT_EQ(server_->received().at(0).accept, "text/csv");
}

TEST_F(ReportCommand, UsageCsvShowsARefusalAndPassesALimit) {
  serve_always(404, R"({"error":{"message":"There is no such key."}})");
  const Ran ran = run_on_data({"usage", "--csv", "--limit", "3"});
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "There is no such key.\n");
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/usage?format=csv&limit=3");
}

TEST_F(ReportCommand, UsageCsvHasATotalAboveAPage) {
  std::string csv = "id\n";
  for (int i = 0; i < 5'000; ++i) csv += "gen_1\n";
  serve_always(200, csv);
  const Ran ran = run_on_data({"usage", "--csv", "--limit", "1001"});
  EXPECT_EQ(ran.out, csv.substr(0, 3 + 1'001 * 6));
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/usage?format=csv");
}

TEST_F(ReportCommand, UsageIsAskedForByHowItEnded) {
  serve_always(200, R"({"data":[],"next_cursor":null})");
  run_on_data({"usage", "--status", "4xx"});
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/usage?status=4xx&limit=100");
  EXPECT_EQ(run_on_data({"usage", "--status", "4xx", "--by", "day"}).status, kExitUsage);
}

TEST_F(ReportCommand, ModelsPrintOffersAndPrices) {
  serve_always(200,
               R"({"data":[{"id":"acme/large","context_window":128000,"max_output_tokens":null,)"
               R"("prices":{"input":"2.5","output":"10"},"offers":[{"provider":"a"},)"
               R"({"provider":"b"}]}],"next_cursor":null})");
  EXPECT_EQ(run_on_data({"models"}).out,
            "MODEL       PROVIDERS  CONTEXT  MAX OUTPUT  USD/M INPUT  USD/M OUTPUT\n"
            "acme/large  a, b        128000           -          2.5            10\n");
}

TEST_F(ReportCommand, ProvidersPrintHowManyModelsTheyHave) {
  serve_always(200,
               R"({"data":[{"id":"acme","dialect":"openai","base_url":null,"region":"eu","source":)"
               R"("file","models":["a","b"]}],"next_cursor":null})");
  EXPECT_EQ(run_on_data({"providers"}).out,
            "PROVIDER  DIALECT  REGION  MODELS  SOURCE  BASE URL\n"
            "acme      openai   eu           2  file    -\n");
}

TEST_F(ReportCommand, AuditListPrintsRows) {
  serve_always(
      200,
      R"({"data":[{"id":7,"at":"2026-11-21T10:15:30.1Z","actor":"cli","actor_name":"local CLI","action":)"
      R"("key.create","object":"key_1","from":"local socket"}],"next_cursor":null})");
  EXPECT_EQ(run_on_data({"audit", "list"}).out,
            "ROW  AT                WHO        ACTOR  ACTION      OBJECT  FROM\n"
            "  7  2026-11-21 10:15  local CLI  cli    key.create  key_1   local socket\n");
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/audit?limit=100");
}

TEST_F(ReportCommand, AuditListSendsItsFilters) {
  serve_always(200, R"({"data":[],"next_cursor":null})");
  run_on_data({"audit", "list", "--action", "key", "--actor", "ada@example.com", "--object",
               "key_1", "--from", "2026-11-01", "--to", "2026-11-21"});
  EXPECT_EQ(server_->received().at(0).target,
            "/admin/v1/audit?action=key&actor=ada%40example.com&object=key_1&from=2026-11-01&"
            "to=2026-11-21&limit=100");
  EXPECT_EQ(run_on_data({"audit", "list", "--from", "yesterday"}).status, kExitUsage);
}

TEST_F(ReportCommand, AuditVerifyExitsByTheVerdict) {
  serve_always(200, R"({"valid":true,"rows":7,"first_bad":null,"problem":null})");
  const Ran sound = run_on_data({"audit", "verify"});
  EXPECT_EQ(sound.status, kExitOk);
  EXPECT_EQ(sound.out, "The audit log is sound: 7 rows.\n");
  server_.reset();
  std::filesystem::remove(data_ + "/admin.sock");
  const std::string verdict =
      R"({"valid":false,"rows":4,"first_bad":5,"problem":"its hash differs"})";
  serve_always(200, verdict);
  const Ran edited = run_on_data({"audit", "verify"});
  EXPECT_EQ(edited.status, kExitFailed);
  EXPECT_THAT(edited.err, HasSubstr("row 5 is wrong (its hash differs)"));
  const Ran as_json = run_on_data({"audit", "verify", "--json"});
  EXPECT_EQ(as_json.status, kExitFailed);
  EXPECT_EQ(as_json.out, verdict + "\n");
}

}  // namespace
}  // namespace tollgate::cli
