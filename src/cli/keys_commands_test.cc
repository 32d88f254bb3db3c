#include "cli/keys_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/test_command_line.h"

namespace tollgate::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string key_json(const std::string& more = "") {
  return R"({"id":"key_1","workspace_id":"ws_default","name":"checkout","description":null,)"
         R"("environment":"sandbox","type":"standard","models":[],"status":"active",)"
         R"("prefix":"sk-tg-test-abcdefg...","last4":"wxyz","created_at":)"
         R"("2026-11-21T10:15:30.123456Z","last_used_at":null,"request_count":12,"error_count":3,)"
         R"("enabled":true,"secrets":[{"id":"sec_1","prefix":"sk-tg-test-abcdefg...","last4":"wxyz",)"
         R"("created_at":"2026-11-21T10:15:30.123456Z","last_used_at":null,"retires_at":null,)"
         R"("request_count":12,"error_count":3}])" +
         more + "}";
}

std::string page_of(const std::string& entries, const std::string& next = "null") {
  return R"({"data":[)" + entries + R"(],"next_cursor":)" + next + "}";
}

using KeysCommand = CommandLineTest;

TEST_F(KeysCommand, CreateSendsTheFieldsAndShowsTheSecretOnce) {
  serve_always(201, key_json(R"(,"secret":"the-new-secret")"));
  const Ran ran =
      run_on_data({"keys", "create", "--name", "checkout", "--environment", "sandbox", "--models",
                   "a/*,b", "--models", "c", "--expires", "1h", "--workspace", "team a"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  const Received sent = server_->received().at(0);
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.target, "/admin/v1/keys?workspace=team%20a");
  EXPECT_EQ(sent.content_type, "application/json");
  EXPECT_EQ(sent.authorization, "");
  EXPECT_EQ(sent.body, R"({"name":"checkout","models":["a/*","b","c"],)"
                       R"("expires_at":"2026-11-21T11:15:30.000000Z","environment":"sandbox"})");
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("Created key checkout (key_1), sandbox.\n\n  the-new-secret\n"),
                    HasSubstr("only time the secret is shown"),
                    HasSubstr("curl http://127.0.0.1:8080/v1/chat/completions"),
                    HasSubstr("'Authorization: Bearer the-new-secret'"),
                    HasSubstr("\"model\": \"sandbox/echo\"")));
}

TEST_F(KeysCommand, CreatePrintsTheApisDocumentAsJson) {
  const std::string document = key_json(R"(,"secret":"the-new-secret")");
  serve_always(201, document);
  const Ran ran = run_on_data({"keys", "create", "--name", "n", "--json"});
  EXPECT_EQ(ran.out, document + "\n");
  EXPECT_EQ(ran.err, "");
}

TEST_F(KeysCommand, CreateSendsLimitsAndShowsTheServersRefusal) {
  serve_always(422, R"({"error":{"message":"limits: not enforced yet.","code":"unprocessable"}})");
  const Ran ran = run_on_data({"keys", "create", "--name", "n", "--limit", "cost:25/month",
                               "--limit", "requests:60/60s", "--parallel", "4"});
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_EQ(ran.err, "limits: not enforced yet.\n");
  EXPECT_EQ(server_->received().at(0).body,
            R"({"name":"n","limits":[{"metric":"cost","window":"month","amount":"25"},)"
            R"({"metric":"requests","window":"60s","amount":60},)"
            R"({"metric":"concurrency","amount":4}]})");
}

TEST_F(KeysCommand, SnippetOfAProductionKeyNamesAModelItCanCall) {
  serve([](const Received& received) {
    if (received.method == "POST") {
      return Reply{.body = R"({"id":"key_2","name":"n","environment":"production","type":)"
                           R"("standard","models":[],"secret":"s"})"};
    }
    EXPECT_EQ(received.target, "/admin/v1/models?limit=1");
    return Reply{.body = page_of(R"({"id":"acme/large"})", R"("c")")};
  });
  EXPECT_THAT(run_on_data({"keys", "create", "--name", "n"}).out,
              HasSubstr("\"model\": \"acme/large\""));
}

TEST_F(KeysCommand, SnippetOfAManagementKeyUsesTheCli) {
  serve_always(201, R"({"id":"key_2","name":"n","environment":"production","type":"management",)"
                    R"("secret":"s"})");
  EXPECT_THAT(run_on_data({"keys", "create", "--name", "n", "--type", "management"}).out,
              HasSubstr("TOLLGATE_ADMIN_KEY=s tollgate keys list --url http://127.0.0.1:8080"));
}

TEST_F(KeysCommand, ListPrintsATable) {
  serve_always(200, page_of(key_json()));
  const Ran ran = run_on_data({"keys", "list"});
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/keys?limit=100");
  EXPECT_EQ(ran.out,
            "NAME      ID     STATUS  ENVIRONMENT  TYPE      PREVIEW                    REQUESTS  "
            "ERRORS  LAST USED  CREATED           LIMITS\n"
            "checkout  key_1  active  sandbox      standard  sk-tg-test-abcdefg...wxyz        12  "
            "     3  -          2026-11-21 10:15  -\n");
  EXPECT_EQ(ran.err, "");
}

TEST_F(KeysCommand, ListSendsItsFiltersAndOrder) {
  serve_always(200, page_of(key_json()));
  run_on_data({"keys", "list", "--tag", "shop", "--sort", "last_used", "--order", "asc"});
  EXPECT_EQ(server_->received().at(0).target,
            "/admin/v1/keys?tag=shop&sort=last_used&order=asc&limit=100");
  EXPECT_EQ(run_on_data({"keys", "list", "--sort", "color"}).status, kExitUsage);
}

constexpr std::string_view kLimits =
    R"(,"limits":[{"id":"key_1/cost/month","metric":"cost","window":"month","amount":"25",)"
    R"("used":"1.5","held":"0","remaining":"23.5","resets_at":"2026-12-01T00:00:00.000000Z",)"
    R"("bound":null}])";

TEST_F(KeysCommand, ListAndGetShowLimitsAsPeopleReadThem) {
  const std::string key = key_json(std::string(kLimits));
  serve([key](const Received& received) {
    return Reply{.body = received.target.find("limit=") == std::string::npos ? key : page_of(key)};
  });
  EXPECT_THAT(run_on_data({"keys", "list"}).out, HasSubstr("10:15  cost 25 USD/month\n"));
  const Ran shown = run_on_data({"keys", "get", "key_1"});
  EXPECT_THAT(shown.out, AllOf(HasSubstr("limits             cost 25 USD/month\n"),
                               HasSubstr("cost 25 USD/month  1.5 USD  0 USD   23.5 USD  "
                                         "2026-12-01 00:00\n")));
  EXPECT_EQ(run_on_data({"keys", "get", "key_1", "--json"}).out, key + "\n");
}

TEST_F(KeysCommand, EveryFriendlyLimitFlagIsOnCreateAndUpdate) {
  serve_always(200, key_json());
  const std::vector<std::string> flags{
      "--limit", "cost:25/year", "--cost",    "25/month", "--tokens",      "1M/day",
      "--rpm",   "60",           "--tpm",     "100k",     "--parallel",    "4",
      "--daily", "500cr",        "--monthly", "100",      "--max-request", "0.10"};
  std::vector<std::string> create{"keys", "create", "--name", "n"};
  std::vector<std::string> update{"keys", "update", "key_1"};
  for (auto* command : {&create, &update}) {
    command->insert(command->end(), flags.begin(), flags.end());
    EXPECT_EQ(run_on_data(*command).status, kExitOk);
    EXPECT_THAT(server_->received().back().body,
                HasSubstr(R"("limits":[{"metric":"cost","window":"year","amount":"25"},)"
                          R"({"metric":"cost","window":"month","amount":"25"},)"
                          R"({"metric":"tokens","window":"day","amount":1000000},)"
                          R"({"metric":"requests","window":"60s","amount":60},)"
                          R"({"metric":"tokens","window":"60s","amount":100000},)"
                          R"({"metric":"concurrency","amount":4},)"
                          R"({"metric":"cost","window":"day","amount":"500","unit":"credits"},)"
                          R"({"metric":"cost","window":"month","amount":"100"},)"
                          R"({"metric":"cost","window":"request","amount":"0.1"}])"));
  }
}

TEST_F(KeysCommand, AnEmptyListSaysWhatToDo) {
  serve_always(200, page_of(""));
  EXPECT_THAT(run_on_data({"keys", "list"}).out, HasSubstr("tollgate keys create --name"));
}

TEST_F(KeysCommand, ListPassesItsFilters) {
  serve_always(200, page_of(""));
  run_on_data({"keys", "list", "--search", "a&b=c", "--status", "revoked", "--environment",
               "sandbox", "--type", "management", "--tag", "t", "--limit", "7"});
  EXPECT_EQ(server_->received().at(0).target,
            "/admin/v1/keys?search=a%26b%3Dc&status=revoked&environment=sandbox&type=management&"
            "tag=t&limit=7");
}

TEST_F(KeysCommand, ListFollowsCursorsUpToItsTotal) {
  serve([](const Received& received) {
    const bool first = received.target.find("cursor") == std::string::npos;
    std::string entries;
    for (int i = 0; i < (first ? 1'000 : 200); ++i) entries += entries.empty() ? "{}" : ",{}";
    return Reply{.body = page_of(entries, R"("next page")")};
  });
  const Ran ran = run_on_data({"keys", "list", "--limit", "1200", "--json"});
  const auto received = server_->received();
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].target, "/admin/v1/keys?limit=1000");
  EXPECT_EQ(received[1].target, "/admin/v1/keys?limit=200&cursor=next%20page");
  const auto document = parse_json(ran.out);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->at("data").as_array().size(), 1'200u);
  EXPECT_EQ(document->at("next_cursor").as_string(), "next page");
}

TEST_F(KeysCommand, ListStopsAtTheLastPageAndSaysWhenThereIsMore) {
  serve_always(200, page_of(key_json(), "null"));
  EXPECT_EQ(run_on_data({"keys", "list", "--limit", "500"}).status, kExitOk);
  EXPECT_EQ(server_->received().size(), 1u);
  server_.reset();
  std::filesystem::remove(data_ + "/admin.sock");
  serve_always(200, page_of(key_json(), R"("more")"));
  EXPECT_THAT(run_on_data({"keys", "list", "--limit", "1"}).err, HasSubstr("--limit"));
}

TEST_F(KeysCommand, ANameIsLookedUpAndAnIdIsNot) {
  serve([](const Received& received) {
    return Reply{.body = received.target.find("name=") == std::string::npos
                             ? key_json()
                             : page_of(R"({"id":"key_1","name":"check out"})")};
  });
  const Ran by_name = run_on_data({"keys", "get", "check out"});
  EXPECT_EQ(by_name.status, kExitOk) << by_name.err;
  EXPECT_THAT(by_name.out, AllOf(HasSubstr("status             active\n"), HasSubstr("sec_1")));
  run_on_data({"keys", "get", "key_1"});
  const auto received = server_->received();
  ASSERT_EQ(received.size(), 3u);
  EXPECT_EQ(received[0].target, "/admin/v1/keys?name=check%20out");
  EXPECT_EQ(received[1].target, "/admin/v1/keys/key_1");
  EXPECT_EQ(received[2].target, "/admin/v1/keys/key_1");
}

TEST_F(KeysCommand, ANameThatIsUnknownOrStandsTwiceIsAFailure) {
  serve_always(200, page_of(""));
  const Ran none = run_on_data({"keys", "revoke", "nobody"});
  EXPECT_EQ(none.status, kExitFailed);
  EXPECT_THAT(none.err, HasSubstr("no unrevoked key of this name"));
  server_.reset();
  std::filesystem::remove(data_ + "/admin.sock");
  serve_always(200, page_of(R"({"id":"key_1"},{"id":"key_2"})"));
  EXPECT_THAT(run_on_data({"keys", "revoke", "twice"}).err, HasSubstr("--workspace"));
  EXPECT_EQ(server_->received().size(), 1u);
}

TEST_F(KeysCommand, UpdateSendsOnlyWhatChanges) {
  serve_always(200, key_json());
  const Ran ran = run_on_data({"keys", "update", "key_1", "--models", "", "--description", "",
                               "--tags", "a,b", "--no-expiry", "--no-prefer-low-carbon"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(server_->received().at(0).method, "PATCH");
  EXPECT_EQ(server_->received().at(0).body,
            R"({"description":null,"models":[],"tags":["a","b"],"prefer_low_carbon":false,)"
            R"("expires_at":null})");
  EXPECT_EQ(ran.out, "Changed key checkout (key_1); status: active.\n");
}

TEST_F(KeysCommand, EnableAndDisableToggle) {
  serve_always(200, key_json());
  EXPECT_EQ(run_on_data({"keys", "disable", "key_1"}).status, kExitOk);
  EXPECT_EQ(run_on_data({"keys", "enable", "key_1"}).status, kExitOk);
  EXPECT_EQ(server_->received().at(0).body, R"({"enabled":false})");
  EXPECT_EQ(server_->received().at(1).body, R"({"enabled":true})");
}

TEST_F(KeysCommand, RotateSendsTheGraceInSeconds) {
  serve_always(200, key_json(R"(,"secret":"the-new-secret")"));
  const Ran graceful = run_on_data({"keys", "rotate", "key_1", "--grace", "1h"});
  EXPECT_THAT(graceful.out, AllOf(HasSubstr("Rotated key"), HasSubstr("the-new-secret"),
                                  HasSubstr("works for another 1h")));
  EXPECT_THAT(run_on_data({"keys", "rotate", "key_1"}).out, HasSubstr("no longer works"));
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/keys/key_1/rotate");
  EXPECT_EQ(server_->received().at(0).body, R"({"grace_seconds":3600})");
  EXPECT_EQ(server_->received().at(1).body, R"({"grace_seconds":0})");
}

TEST_F(KeysCommand, RevokeCutsRequestsOnlyWhenTold) {
  serve_always(200, key_json());
  EXPECT_EQ(run_on_data({"keys", "revoke", "key_1"}).status, kExitOk);
  EXPECT_EQ(run_on_data({"keys", "revoke", "key_1", "--abort-inflight"}).status, kExitOk);
  EXPECT_EQ(server_->received().at(0).method, "DELETE");
  EXPECT_EQ(server_->received().at(0).target, "/admin/v1/keys/key_1");
  EXPECT_EQ(server_->received().at(0).body, "");
  EXPECT_EQ(server_->received().at(1).target, "/admin/v1/keys/key_1?abort_inflight=true");
}

TEST_F(KeysCommand, ANameCannotReachTheTerminalsControls) {
  serve_always(200, page_of(R"({"id":"key_1","name":"a\u001b]0;x\u0007b"})"));
  EXPECT_THAT(run_on_data({"keys", "list"}).out, HasSubstr("a?]0;x?b"));
}

}  // namespace
}  // namespace tollgate::cli
