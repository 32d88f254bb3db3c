#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "config/scalar_settings.h"
#include "config/test_config.h"

namespace tollgate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LoadSettings : public ConfigFixture {};

TEST_F(LoadSettings, WorkWithoutAnyConfiguration) {
  std::filesystem::create_directory(path("empty"));
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(path("empty"));
  const auto settings = load_settings({}, environment());
  std::filesystem::current_path(here);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->file, "");
  EXPECT_EQ(settings->listen.host, "127.0.0.1");
  EXPECT_EQ(settings->listen.port, 8080);
  EXPECT_EQ(settings->data, "./data");
  EXPECT_EQ(settings->durability, Settings::Durability::kFull);
  EXPECT_EQ(settings->threads, static_cast<int>(std::thread::hardware_concurrency()));
  EXPECT_EQ(settings->token_format.prefix(), "sk-tg-");
  EXPECT_TRUE(settings->require_https);
  EXPECT_TRUE(settings->trusted_proxies.empty());
  EXPECT_TRUE(settings->record_ip);
  EXPECT_EQ(settings->limits.body_bytes, 32u * 1024 * 1024);
  EXPECT_TRUE(settings->catalogue.providers.empty());
}

TEST_F(LoadSettings, ReadEverySingleValueOfTheFile) {
  const std::string certificate = write("cert.pem", "x");
  const auto settings = load(R"(
listen: "[::1]:9999"
data: /var/lib/tollgate
database_url: sqlite
durability: process
threads: 3
token_prefix: sk-routor-
require_https: off
trusted_proxies: [10.0.0.0/8, 192.0.2.7]
tls: {certificate: )" + certificate +
                             ", private_key: " + certificate + R"(}
limits:
  head_bytes: 64KiB
  head_fields: 50
  body_bytes: 8 MiB
  client_head_timeout_s: 5
  client_body_timeout_s: 6
  idle_timeout_s: 7
  connections_max: 100
log_level: debug
log_format: json
record_ip: false
retention_months: 2
secret_age_warning_days: 30
credit_usd: "0.001"
https_proxy: http://proxy:3128
no_proxy: [LOCALHOST, .lan]
)");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->listen.host, "::1");
  EXPECT_EQ(settings->data, "/var/lib/tollgate");
  EXPECT_EQ(settings->durability, Settings::Durability::kProcess);
  EXPECT_EQ(settings->threads, 3);
  EXPECT_EQ(settings->token_format.prefix(), "sk-routor-");
  EXPECT_FALSE(settings->require_https);
  ASSERT_EQ(settings->trusted_proxies.size(), 2u);
  EXPECT_EQ(settings->trusted_proxies[0].text(), "10.0.0.0/8");
  EXPECT_TRUE(settings->tls.enabled());
  EXPECT_EQ(settings->limits.head_bytes, 64u * 1024);
  EXPECT_EQ(settings->limits.head_fields, 50u);
  EXPECT_EQ(settings->limits.body_bytes, 8u * 1024 * 1024);
  EXPECT_EQ(settings->limits.client_head_timeout, std::chrono::seconds(5));
  EXPECT_EQ(settings->limits.client_body_timeout, std::chrono::seconds(6));
  EXPECT_EQ(settings->limits.idle_timeout, std::chrono::seconds(7));
  EXPECT_EQ(settings->limits.connections_max, 100u);
  EXPECT_EQ(settings->log_level, LogLevel::kDebug);
  EXPECT_EQ(settings->log_format, LogFormat::kJson);
  EXPECT_FALSE(settings->record_ip);
  EXPECT_EQ(settings->retention_months, 2);
  EXPECT_EQ(settings->secret_age_warning_days, 30);
  EXPECT_EQ(settings->credit_value, Money::from_nanos(1'000'000));
  EXPECT_EQ(settings->https_proxy.value().host, "proxy");
  EXPECT_EQ(settings->no_proxy, (std::vector<std::string>{"localhost", ".lan"}));
}

TEST_F(LoadSettings, EnvironmentBeatsFileAndCommandLineBeatsBoth) {
  const std::string file = write("t.yaml", "listen: 127.0.0.1:1\ndata: file\nthreads: 2\n");
  variables_ = {{"TOLLGATE_LISTEN", "127.0.0.1:2"}, {"TOLLGATE_DATA", "variable"}};
  const auto settings =
      load_settings({.config = file, .data = {}, .listen = "127.0.0.1:3"}, environment());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->listen.port, 3);
  EXPECT_EQ(settings->data, "variable");
  EXPECT_EQ(settings->threads, 2);
}

TEST_F(LoadSettings, EveryVariableIsItsSettingsNameInCapitals) {
  for (const config::ScalarSetting& setting : config::scalar_settings()) {
    std::string expected = "TOLLGATE_";
    for (const char c : setting.name) {
      expected += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    EXPECT_EQ(setting.variable, expected);
  }
}

TEST_F(LoadSettings, TakeListsFromVariablesWithCommas) {
  variables_ = {{"TOLLGATE_TRUSTED_PROXIES", "10.0.0.0/8, ::1"}};
  const auto settings = load("trusted_proxies: [192.0.2.0/24]");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->trusted_proxies.size(), 2u);
}

TEST_F(LoadSettings, FileComesFromOptionThenVariable) {
  variables_ = {{"TOLLGATE_CONFIG", write("variable.yaml", "threads: 5")}};
  EXPECT_EQ(load_settings({}, environment()).value().threads, 5);
  const std::string option = write("option.yaml", "threads: 6");
  EXPECT_EQ(load_settings({.config = option}, environment()).value().threads, 6);
}

TEST_F(LoadSettings, ReadTollgateYamlOfTheWorkingDirectory) {
  write("tollgate.yaml", "threads: 7");
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(directory_);
  const auto settings = load_settings({}, environment());
  std::filesystem::current_path(here);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->threads, 7);
  EXPECT_EQ(settings->file, "tollgate.yaml");
}

TEST_F(LoadSettings, RefuseAFileThatIsNamedAndMissing) {
  const auto settings = load_settings({.config = path("none.yaml")}, environment());
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message,
              AllOf(HasSubstr("none.yaml: "), HasSubstr("cannot be read")));
}

TEST_F(LoadSettings, RefuseADirectoryAndAFileOverItsBound) {
  EXPECT_FALSE(load_settings({.config = directory_}, environment()));
  const std::string comment = "#" + std::string(kConfigBytesMax - 1, 'x');
  EXPECT_TRUE(load(comment)) << problems(comment);
  EXPECT_THAT(problems(comment + "x"), HasSubstr("longer than"));
}

TEST_F(LoadSettings, TakeAnEmptyFileAndEmptyValues) {
  EXPECT_TRUE(load(""));
  EXPECT_TRUE(load("# nothing yet\n"));
  EXPECT_TRUE(load("providers:\nlimits:\nlisten:\n"));
}

TEST_F(LoadSettings, ReportEveryProblemWithLineAndColumn) {
  EXPECT_EQ(problems("threads: many\n"
                     "durability: never\n"
                     "limits:\n"
                     "  head_bytes: 12\n"
                     "record_ip: perhaps\n"),
            "t.yaml:1:10: threads: must be a whole number from 1 to 256\n"
            "t.yaml:2:13: durability: must be full (rows survive power loss) or process (a crash "
            "of the process)\n"
            "t.yaml:4:15: limits.head_bytes: must be a number of bytes from 1024 to 1048576, e.g. "
            "65536, 64KiB or 2MiB\n"
            "t.yaml:5:12: record_ip: must be true or false");
}

TEST_F(LoadSettings, ReportProblemsOfVariablesAndOptionsByTheirNames) {
  variables_ = {{"TOLLGATE_THREADS", "0"}};
  const auto settings = load_settings({.config = {}, .data = {}, .listen = "here"}, environment());
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, AllOf(HasSubstr("TOLLGATE_THREADS: must be"),
                                              HasSubstr("\n--listen: must be HOST:PORT")));
}

TEST_F(LoadSettings, RefuseOtherDatabasesNamingTheOneSupported) {
  const std::string text = problems("database_url: postgresql://user@host/db");
  EXPECT_THAT(text, HasSubstr("t.yaml:1:15: database_url: this version supports only SQLite"));
}

TEST_F(LoadSettings, RefuseACreditThatIsWorthNothingOrTooMuch) {
  for (const auto* text : {"\"0\"", "\"-0.01\"", "\"1000.1\"", "cent"}) {
    const auto settings = load(std::string("credit_usd: ") + text);
    ASSERT_FALSE(settings) << text;
    EXPECT_NE(settings.error().message.find("credit_usd"), std::string::npos);
  }
}

TEST_F(LoadSettings, RefuseAnUnknownKeyWithASuggestion) {
  EXPECT_EQ(problems("lisen: 127.0.0.1:1"),
            "t.yaml:1:1: the key `lisen` is unknown; did you mean `listen`?");
  EXPECT_THAT(
      problems("limits: {rows: 1}"),
      HasSubstr("t.yaml:1:10: limits: the key `rows` is unknown; known here: head_bytes, "));
}

TEST_F(LoadSettings, RefuseARepeatedKey) {
  EXPECT_THAT(problems("threads: 1\nthreads: 2\n"),
              HasSubstr("t.yaml:2:1: the key `threads` stands twice"));
}

TEST_F(LoadSettings, RefuseWrongShapes) {
  EXPECT_THAT(problems("- a\n- b\n"), HasSubstr("must be a mapping"));
  EXPECT_THAT(problems("listen: [a]"), HasSubstr("t.yaml:1:9: listen: must be a single value"));
  EXPECT_THAT(problems("limits: 3"), HasSubstr("limits: must be a mapping"));
  EXPECT_THAT(problems("providers: acme"), HasSubstr("providers: must be a list"));
  EXPECT_THAT(problems("? [a]\n: b\n"), HasSubstr("a key must be a plain word"));
}

TEST_F(LoadSettings, ReportAListItemWhereItStands) {
  EXPECT_THAT(problems("trusted_proxies:\n  - 10.0.0.0/8\n  - 10.0.0.1/8\n"),
              HasSubstr("t.yaml:3:5: trusted_proxies[1]: must be networks"));
}

TEST_F(LoadSettings, RefuseBrokenYamlWithItsPlace) {
  EXPECT_THAT(problems("threads: 1\nlisten: [a\n"), HasSubstr("this is not valid YAML"));
  EXPECT_THAT(problems("a: 1\n---\nb: 2\n"), HasSubstr("one document"));
}

TEST_F(LoadSettings, FillInVariables) {
  variables_ = {{"WHERE", "/srv"}, {"EMPTY", ""}};
  EXPECT_EQ(load("data: ${WHERE}/a").value().data, "/srv/a");
  EXPECT_EQ(load("data: a$$b$${WHERE}${EMPTY}$c").value().data, "a$b${WHERE}$c");
  EXPECT_EQ(problems("threads: 1\ndata: ${NOWHERE}"),
            "t.yaml:2:7: data: the environment variable NOWHERE is not set");
  EXPECT_THAT(problems("data: ${WHERE"), HasSubstr("name of a variable"));
  EXPECT_THAT(problems("data: '${}'"), HasSubstr("name of a variable"));
}

TEST_F(LoadSettings, TakeTheProxyOfTheEnvironmentUnlessToldOtherwise) {
  variables_ = {{"HTTPS_PROXY", "http://capital:1"}, {"NO_PROXY", "a,B"}};
  auto settings = load("").value();
  EXPECT_EQ(settings.https_proxy.value().host, "capital");
  EXPECT_EQ(settings.no_proxy, (std::vector<std::string>{"a", "b"}));
  variables_["https_proxy"] = "http://small:2";
  EXPECT_EQ(load("").value().https_proxy.value().host, "small");
  EXPECT_EQ(load("https_proxy: http://file:3").value().https_proxy.value().host, "file");
  EXPECT_FALSE(load("https_proxy: none").value().https_proxy.has_value());
}

TEST_F(LoadSettings, NeverRepeatAProxyCredential) {
  variables_ = {{"HTTPS_PROXY", "https://me:hidden-word@proxy:1"}};
  EXPECT_THAT(problems(""), AllOf(HasSubstr("HTTPS_PROXY: "), Not(HasSubstr("hidden-word"))));
}

TEST_F(LoadSettings, RefuseTlsWithoutItsOtherHalfAndUnreadableFiles) {
  const std::string pem = write("a.pem", "x");
  EXPECT_THAT(problems("tls: {certificate: " + pem + "}"),
              HasSubstr("t.yaml:1:20: tls needs both"));
  EXPECT_THAT(problems("tls: {certificate: " + pem + ", private_key: /nowhere/key.pem}"),
              HasSubstr("tls.private_key: this file cannot be read"));
  EXPECT_THAT(problems("upstream_ca_file: " + directory_), HasSubstr("is a directory"));
}

TEST_F(LoadSettings, KeepWhatIsSoundForAClientThatLacksVariables) {
  const std::string file =
      write("t.yaml", "data: /srv/gate\nthreads: many\nupstream_ca_file: ${NOWHERE}\n");
  const Settings settings = load_sound_settings({.config = file}, environment());
  EXPECT_EQ(settings.data, "/srv/gate");
  EXPECT_GE(settings.threads, 1);
}

TEST_F(LoadSettings, RefuseATokenPrefixThatLeavesTooFewHiddenBits) {
  EXPECT_THAT(problems("token_prefix: 'has blank'"), HasSubstr("t.yaml:1:15: token_prefix: "));
}

TEST(Settings, EveryOneStandsInTheManual) {
  std::ifstream file(TOLLGATE_SOURCE_DIR "/docs/settings.md");
  const std::string manual{std::istreambuf_iterator<char>(file), {}};
  for (const config::ScalarSetting& setting : config::scalar_settings()) {
    EXPECT_THAT(manual, HasSubstr("`" + std::string(setting.name) + "`"));
  }
}

}  // namespace
}  // namespace tollgate
