#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace tollgate {
namespace {

using testing::HasSubstr;
using testing::Not;

class Log : public testing::Test {
 protected:
  void TearDown() override { configure_log(LogLevel::kInfo, LogFormat::kText); }

  template <class Body>
  static std::string captured(Body body) {
    testing::internal::CaptureStderr();
    body();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(Log, WritesOnlyTheConfiguredLevelAndAbove) {
  configure_log(LogLevel::kWarning, LogFormat::kText);
  const std::string text = captured([] {
    log(LogLevel::kInfo, "quiet {}", 1);
    log(LogLevel::kWarning, "loud {}", 2);
  });
  EXPECT_THAT(text, Not(HasSubstr("quiet")));
  EXPECT_THAT(text, HasSubstr("loud 2"));
  EXPECT_FALSE(log_enabled(LogLevel::kInfo));
  EXPECT_TRUE(log_enabled(LogLevel::kError));
}

TEST_F(Log, AMessageCannotForgeASecondLine) {
  const std::string text = captured([] { log(LogLevel::kError, "{}", "one\r\ntwo\x1b[31m"); });
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_THAT(text, HasSubstr("one  two"));
}

TEST_F(Log, EveryJsonLineIsOneDocument) {
  configure_log(LogLevel::kInfo, LogFormat::kJson);
  const std::string text = captured([] { log(LogLevel::kError, "{}", "a \"b\"\n{c} \xff"); });
  const auto parsed = parse_json(text);
  ASSERT_TRUE(parsed) << text;
  EXPECT_EQ(parsed->at("level").as_string(), "error");
  EXPECT_EQ(parsed->at("message").as_string(), "a \"b\"\n{c} \uFFFD");
  EXPECT_TRUE(parsed->as_object().contains("time"));
}

TEST_F(Log, ALongMessageIsCut) {
  const std::string text = captured([] { log_line(LogLevel::kError, std::string(100'000, 'x')); });
  EXPECT_LT(text.size(), 8'300u);
}

}  // namespace
}  // namespace tollgate
