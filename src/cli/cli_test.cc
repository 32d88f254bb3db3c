#include "cli/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "cli/test_command_line.h"
#include "cli/version.h"

namespace tollgate::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Cli = CommandLineTest;

TEST_F(Cli, VersionIsTheProjects) {
  EXPECT_EQ(run({"version"}).out, "tollgate " + std::string(kVersion) + "\n");
  EXPECT_EQ(run({"version", "--json"}).out, "{\"version\":\"" + std::string(kVersion) + "\"}\n");
  std::ostringstream text;
  text << std::ifstream(TOLLGATE_SOURCE_DIR "/CMakeLists.txt").rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("project(tollgate VERSION " + std::string(kVersion) + " "));
}

TEST_F(Cli, EverySubcommandHasHelpWithExamples) {
  const std::vector<std::vector<std::string>> commands = {
      {"serve"},          {"keys", "create"},  {"keys", "list"},    {"keys", "get"},
      {"keys", "update"}, {"keys", "enable"},  {"keys", "disable"}, {"keys", "rotate"},
      {"keys", "revoke"}, {"usage"},           {"models"},          {"providers"},
      {"audit", "list"},  {"audit", "verify"}, {"config", "check"}, {"version"}};
  for (auto command : commands) {
    command.push_back("--help");
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, 0) << command.front();
    EXPECT_THAT(ran.out, AllOf(HasSubstr("Usage:"), HasSubstr("Examples:\n  tollgate ")));
    EXPECT_EQ(ran.err, "");
  }
  EXPECT_THAT(run({"--help"}).out, AllOf(HasSubstr("keys"), HasSubstr("tollgate serve")));
}

TEST_F(Cli, WrongUsageExitsTwoAndTeaches) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"keys"},
           {"frobnicate"},
           {"keys", "create"},
           {"keys", "create", "--name", "n", "--environment", "staging"},
           {"keys", "get"},
           {"keys", "get", "a", "b"},
           {"keys", "list", "--limit", "0"},
           {"keys", "list", "--limit", "some"},
           {"usage", "--by", "hour"},
           {"usage", "--csv", "--json"},
           {"keys", "list", "--data", "d", "--url", "http://h"},
           {"keys", "update", "k", "--expires", "1d", "--no-expiry"},
       }) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.status, kExitUsage) << ::testing::PrintToString(arguments);
    EXPECT_THAT(ran.err, HasSubstr("--help"));
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(Cli, AMisspeltWordIsAnsweredWithTheNearest) {
  EXPECT_THAT(run({"keys", "craete"}).err,
              AllOf(StartsWith("tollgate keys: "), HasSubstr("Did you mean `create`?")));
  EXPECT_THAT(run({"keys", "list", "--serch", "x"}).err, HasSubstr("Did you mean `--search`?"));
}

TEST_F(Cli, UsageErrorsOfValuesExitTwoBeforeAnythingIsSent) {
  serve_always(200, "{}");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"keys", "create", "--name", "n", "--expires", "soon"},
           {"keys", "create", "--name", "n", "--rpm", "many"},
           {"keys", "update", "k"},
           {"keys", "rotate", "k", "--grace", "long"},
           {"usage", "--from", "yesterday"},
       }) {
    EXPECT_EQ(run_on_data(arguments).status, kExitUsage) << ::testing::PrintToString(arguments);
  }
  EXPECT_TRUE(server_->received().empty());
}

TEST_F(Cli, WithoutAServerItSaysHowToStartOne) {
  const Ran ran = run_on_data({"keys", "list"});
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("`tollgate serve --data " + data_ + "`"));

  const Ran as_json = run_on_data({"keys", "list", "--json"});
  EXPECT_EQ(as_json.status, kExitFailed);
  EXPECT_EQ(as_json.out, "");
  const auto envelope = parse_json(as_json.err);
  ASSERT_TRUE(envelope) << as_json.err;
  EXPECT_EQ(envelope->at("error").at("code").as_string(), "service_unavailable");
}

TEST_F(Cli, TheServersErrorIsASentenceOrItsEnvelope) {
  const std::string envelope =
      R"({"error":{"message":"The name is taken.","type":"t","code":"conflict","param":"name",)"
      R"("request_id":"req_1","doc_url":null,"details":null}})";
  serve_always(409, envelope);
  const Ran plain = run_on_data({"keys", "create", "--name", "n"});
  EXPECT_EQ(plain.status, kExitFailed);
  EXPECT_EQ(plain.err, "The name is taken.\n");
  const Ran as_json = run_on_data({"keys", "create", "--name", "n", "--json"});
  EXPECT_EQ(as_json.status, kExitFailed);
  EXPECT_EQ(as_json.err, envelope + "\n");
  EXPECT_EQ(as_json.out, "");
}

TEST_F(Cli, AnAnswerThatIsNoTollgatesIsAFailure) {
  serve_always(404, "<html>nginx</html>");
  EXPECT_THAT(run_on_data({"keys", "list"}).err, HasSubstr("answered 404"));
  server_.reset();
  std::filesystem::remove(data_ + "/admin.sock");
  serve_always(200, "[]");
  EXPECT_EQ(run_on_data({"keys", "list"}).status, kExitFailed);
}

TEST_F(Cli, ServeGetsTheSettingsAndCanReadThemAgain) {
  serve_status_ = 7;
  variables_["TOLLGATE_THREADS"] = "3";
  const Ran ran = run({"serve", "--data", data_, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(ran.status, 7);
  ASSERT_TRUE(served_.has_value());
  EXPECT_EQ(served_->data, data_);
  EXPECT_EQ(served_->listen.port, 0);
  EXPECT_EQ(served_->threads, 3);
  ASSERT_TRUE(reloaded_->has_value());
  EXPECT_EQ(reloaded_->value().data, data_);
}

TEST_F(Cli, ServeDoesNotStartWithABrokenConfiguration) {
  const std::string file = data_ + "/t.yaml";
  std::ofstream(file) << "threads: none\nlisten: here\n";
  const Ran ran = run({"serve", "--config", file});
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_FALSE(served_.has_value());
  EXPECT_THAT(ran.err,
              AllOf(HasSubstr(file + ":1:10: threads: "), HasSubstr(file + ":2:9: listen")));
}

TEST_F(Cli, ConfigCheckTellsSoundFromBroken) {
  const std::string file = data_ + "/t.yaml";
  std::ofstream(file) << "listen: 127.0.0.1:9\n";
  const Ran sound = run({"config", "check", "--config", file});
  EXPECT_EQ(sound.status, kExitOk);
  EXPECT_THAT(sound.out, AllOf(HasSubstr(file + ": sound"), HasSubstr("127.0.0.1:9")));
  const Ran as_json = run({"config", "check", "--config", file, "--json"});
  EXPECT_EQ(parse_json(as_json.out).value().at("listen").as_string(), "127.0.0.1:9");

  std::ofstream(file) << "lisen: x\n";
  const Ran broken = run({"config", "check", "--config", file});
  EXPECT_EQ(broken.status, kExitFailed);
  EXPECT_THAT(broken.err, HasSubstr(file + ":1:1: the key `lisen` is unknown; did you mean"));
  const Ran broken_json = run({"config", "check", "--config", file, "--json"});
  EXPECT_EQ(parse_json(broken_json.err).value().at("error").at("code").as_string(),
            "invalid_request");
}

TEST_F(Cli, TheServerIsFoundByVariableAndByFile) {
  serve_always(200, R"({"data":[],"next_cursor":null})");
  variables_["TOLLGATE_DATA"] = data_;
  EXPECT_EQ(run({"keys", "list"}).status, kExitOk);
  variables_.clear();
  const std::string file = data_ + "/t.yaml";
  // What the server alone has (its credentials) is not needed to find it.
  std::ofstream(file) << "data: " << data_ << "\nupstream_ca_file: ${NOT_SET_HERE}\n";
  variables_["TOLLGATE_CONFIG"] = file;
  EXPECT_EQ(run({"keys", "list"}).status, kExitOk);
}

TEST_F(Cli, AUrlNeedsAManagementKeyInTheEnvironment) {
  const Ran ran = run({"keys", "list", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(ran.status, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("TOLLGATE_ADMIN_KEY"));
  variables_["TOLLGATE_ADMIN_KEY"] = "hidden-word\r\nX: y";
  const Ran bad = run({"keys", "list", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(bad.status, kExitUsage);
  EXPECT_THAT(bad.err, Not(HasSubstr("hidden-word")));
  variables_["TOLLGATE_ADMIN_KEY"] = "k";
  EXPECT_EQ(run({"keys", "list", "--url", "ftp://h"}).status, kExitUsage);
  EXPECT_EQ(run({"keys", "list", "--url", "http://u:p@h"}).status, kExitUsage);
}

TEST_F(Cli, AUrlIsAskedWithTheKeyAndUnderItsPath) {
  TestPortServer server({boost::asio::ip::address_v4::loopback(), 0}, [](const Received&) {
    return Reply{.body = R"({"data":[],"next_cursor":null})"};
  });
  variables_["TOLLGATE_ADMIN_KEY"] = "management-key";
  const std::string authority = "127.0.0.1:" + std::to_string(server.endpoint().port());
  const Ran ran = run({"models", "--url", "http://" + authority + "/gate/"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  ASSERT_EQ(server.received().size(), 1u);
  EXPECT_EQ(server.received()[0].target, "/gate/admin/v1/models?limit=100");
  EXPECT_EQ(server.received()[0].authorization, "Bearer management-key");
  EXPECT_EQ(server.received()[0].host, authority);
}

}  // namespace
}  // namespace tollgate::cli
