#include "cli/workspaces_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/test_command_line.h"

namespace tollgate::cli {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kShop =
    R"({"id":"ws_1","name":"shop","created_at":"2026-11-21T10:15:30.123456Z","limits":[)"
    R"({"id":"ws_1/cost/month","metric":"cost","window":"month","amount":"500","used":"12.5",)"
    R"("held":"0.25","remaining":"487.25","resets_at":"2026-12-01T00:00:00.000000Z",)"
    R"("bound":null}],"sandbox_limits":[)"
    R"({"id":"ws_1/cost/month","metric":"cost","window":"month","amount":"500","used":"0",)"
    R"("held":"0","remaining":"500","resets_at":"2027-01-01T00:00:00.000000Z",)"
    R"("bound":null}],"balance":{"mode":"prepaid",)"
    R"("granted":"25","charged":"0.5","held":"0","available":"24.5","credits":"2450"},)"
    R"("test_time":null})";

std::string page_of(const std::string& entries) {
  return R"({"data":[)" + entries + R"(],"next_cursor":null})";
}

class WorkspacesCommand : public CommandLineTest {
 protected:
  // Names are looked up; everything else is answered by `body`.
  void serve_shop(const std::string& body, int status = 200) {
    serve([=](const Received& received) {
      if (received.target.find("?name=") != std::string::npos) return Reply{.body = page_of(kShop)};
      return Reply{.status = status, .body = body};
    });
  }
};

TEST_F(WorkspacesCommand, ListPrintsBalancesAndLimits) {
  serve_always(200, page_of(kShop));
  const Ran ran = run_on_data({"workspaces", "list"});
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/workspaces?limit=100");
  EXPECT_EQ(
      ran.out,
      "NAME  ID    BALANCE  AVAILABLE USD  GRANTED USD  CHARGED USD  CREATED           LIMITS\n"
      "shop  ws_1  prepaid           24.5           25          0.5  2026-11-21 10:15  "
      "cost 500 USD/month\n");
}

TEST_F(WorkspacesCommand, CreateSaysHowToMakeAKeyInIt) {
  serve_always(201, kShop);
  const Ran ran = run_on_data({"workspaces", "create", "shop"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(server_->received().at(0).method, "POST");
  EXPECT_EQ(server_->received().at(0).body, R"({"name":"shop"})");
  EXPECT_THAT(ran.out, AllOf(HasSubstr("Created workspace shop (ws_1)"),
                             HasSubstr("tollgate keys create --workspace ws_1")));
}

TEST_F(WorkspacesCommand, GetFindsANameAndShowsTheBalance) {
  serve_shop(kShop);
  const Ran ran = run_on_data({"workspaces", "get", "shop"});
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/workspaces?name=shop");
  EXPECT_EQ(server_->received().at(1).target, "/admin/v1/workspaces/ws_1");
  EXPECT_THAT(ran.out, AllOf(HasSubstr("available   24.5 USD (2450 credits)\n"),
                             HasSubstr("limits      cost 500 USD/month\n")));
}

TEST_F(WorkspacesCommand, GetShowsWhatEachEnvironmentHasUsedOfTheLimits) {
  serve_shop(kShop);
  EXPECT_THAT(
      run_on_data({"workspaces", "get", "shop"}).out,
      EndsWith(
          "\n"
          "KEYS        LIMIT                   USED      HELD   REMAINING  RESETS\n"
          "production  cost 500 USD/month  12.5 USD  0.25 USD  487.25 USD  2026-12-01 00:00\n"
          "sandbox     cost 500 USD/month     0 USD     0 USD     500 USD  2027-01-01 00:00\n"));
}

TEST_F(WorkspacesCommand, AnIdIsNotLookedUp) {
  serve_always(200, kShop);
  EXPECT_EQ(run_on_data({"workspaces", "get", "ws_1", "--json"}).out, kShop + "\n");
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/workspaces/ws_1");
}

TEST_F(WorkspacesCommand, UpdateSendsBalanceAndLimits) {
  serve_shop(kShop);
  const Ran ran = run_on_data(
      {"workspaces", "update", "shop", "--balance", "prepaid", "--limit", "cost:500/month"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(server_->received().at(1).method, "PATCH");
  EXPECT_EQ(server_->received().at(1).body,
            R"({"balance":{"mode":"prepaid"},)"
            R"("limits":[{"metric":"cost","window":"month","amount":"500"}]})");
  EXPECT_EQ(run_on_data({"workspaces", "update", "shop"}).status, kExitUsage);
  EXPECT_EQ(run_on_data({"workspaces", "update", "shop", "--balance", "free"}).status, kExitUsage);
}

TEST_F(WorkspacesCommand, GrantTakesAmountsAndDeductionsInEveryForm) {
  const std::string grant = R"({"id":"grant_1","amount":"-5","credits":"-500"})";
  serve_shop(grant, 201);
  const auto sent = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"workspaces", "grant", "shop"});
    arguments.emplace_back("--json");
    const Ran ran = run_on_data(arguments);
    EXPECT_EQ(ran.status, kExitOk) << ran.err;
    EXPECT_EQ(ran.out, grant + "\n");
    EXPECT_EQ(server_->received().back().target, "/admin/v1/workspaces/ws_1/grants");
    return server_->received().back().body;
  };
  EXPECT_EQ(sent({"500cr", "--note", "June"}),
            R"({"amount":"500","unit":"credits","note":"June"})");
  EXPECT_EQ(sent({"-5"}), R"({"amount":"-5"})");
  EXPECT_EQ(sent({"--deduct", "5"}), R"({"amount":"-5"})");
}

TEST_F(WorkspacesCommand, GrantShowsTheNewBalance) {
  serve([](const Received& received) {
    if (received.method == "POST") {
      return Reply{.status = 201, .body = R"({"id":"grant_1","amount":"25","credits":"2500"})"};
    }
    return Reply{.body = kShop};
  });
  EXPECT_EQ(
      run_on_data({"workspaces", "grant", "ws_1", "25"}).out,
      "Booked 25 USD (grant_1) to workspace shop (ws_1); balance: 24.5 USD (2450 credits).\n");
}

TEST_F(WorkspacesCommand, WrongAmountsAreWrongUsage) {
  EXPECT_EQ(run_on_data({"workspaces", "grant", "shop"}).status, kExitUsage);
  EXPECT_EQ(run_on_data({"workspaces", "grant", "shop", "much"}).status, kExitUsage);
  EXPECT_EQ(run_on_data({"workspaces", "grant", "shop", "5", "--deduct", "5"}).status, kExitUsage);
  EXPECT_EQ(run_on_data({"workspaces", "advance-clock", "shop"}).status, kExitUsage);
}

TEST_F(WorkspacesCommand, GrantsAreATable) {
  serve_shop(page_of(R"({"id":"grant_1","at":"2026-11-21T10:15:30.123456Z","amount":"-5",)"
                     R"("credits":"-500","note":null,"actor":"cli"})"));
  const Ran ran = run_on_data({"workspaces", "grants", "ws_1"});
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/workspaces/ws_1/grants?limit=100");
  EXPECT_EQ(ran.out,
            "AT                AMOUNT USD  CREDITS  BY   ID       NOTE\n"
            "2026-11-21 10:15          -5     -500  cli  grant_1  -\n");
}

TEST_F(WorkspacesCommand, AdvanceClockSaysWhereItStands) {
  std::string moved = kShop;
  moved.replace(moved.rfind("null"), 4, R"("2026-11-21T11:15:30.000000Z")");
  serve_always(200, moved);
  const Ran ran = run_on_data({"workspaces", "advance-clock", "ws_1", "1h"});
  EXPECT_EQ(server_->received().at(0).body, R"({"advance":"1h"})");
  EXPECT_EQ(ran.out, "The test clock of shop (ws_1) stands at 2026-11-21 11:15 UTC.\n");
}

TEST_F(WorkspacesCommand, UnknownNameIsToldWithWhereToLook) {
  serve_always(200, page_of(""));
  const Ran ran = run_on_data({"workspaces", "get", "mall"});
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_THAT(ran.err, HasSubstr("tollgate workspaces list"));
}

TEST_F(WorkspacesCommand, EverySubcommandTeachesByExamples) {
  for (const auto* name : {"list", "create", "get", "update", "grant", "grants", "advance-clock"}) {
    const Ran ran = run({"workspaces", name, "--help"});
    EXPECT_EQ(ran.status, kExitOk);
    EXPECT_THAT(ran.out, HasSubstr("tollgate workspaces " + std::string(name)));
  }
}

}  // namespace
}  // namespace tollgate::cli
