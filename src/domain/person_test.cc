#include "domain/person.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

TEST(PersonTest, AddressesAreComparedWithoutCaseAndBlanksAround) {
  EXPECT_EQ(normal_email("  Ada@Example.COM "), "ada@example.com");
  EXPECT_EQ(normal_email("a.b+c@mail.example"), "a.b+c@mail.example");
  EXPECT_EQ(normal_email("root@localhost"), "root@localhost");
}

TEST(PersonTest, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", "@", "a@", "@b.example", "a b@c.example", "a@b@c.example",
                           "a@.example", "a@example.", "a@b..c", "a@b c", "<a@b.example>",
                           "a\n@b.example", "a@b.example,c@d.example", "\xff@b.example"}) {
    EXPECT_EQ(normal_email(text), std::nullopt) << text;
  }
  EXPECT_EQ(normal_email(std::string(65, 'a') + "@b.example"), std::nullopt);
  EXPECT_EQ(normal_email("a@" + std::string(300, 'b')), std::nullopt);
}

TEST(PersonTest, PasswordsAreLongAndNotOneCharacterOverAndOver) {
  EXPECT_EQ(password_problem("ten letter"), std::nullopt);
  EXPECT_EQ(password_problem("пароль из слов"), std::nullopt);
  EXPECT_NE(password_problem("nine char"), std::nullopt);
  EXPECT_NE(password_problem("aaaaaaaaaaaa"), std::nullopt);
  EXPECT_NE(password_problem("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"), std::nullopt);
  EXPECT_NE(password_problem(std::string(600, 'a') + std::string(600, 'b')), std::nullopt);
}

TEST(PersonTest, SessionEndsWhenUnusedAndInAnyCase) {
  const WallTime begun{std::chrono::hours(1'000)};
  PersonSession session{.id = "ses_a",
                        .person = PersonId("user_a"),
                        .created_at = begun,
                        .last_seen_at = begun,
                        .from = "",
                        .client = ""};
  EXPECT_FALSE(session_has_ended(session, begun + kSessionIdle - std::chrono::seconds(1)));
  EXPECT_TRUE(session_has_ended(session, begun + kSessionIdle));
  session.last_seen_at = begun + kSessionAbsolute - std::chrono::minutes(1);
  EXPECT_FALSE(session_has_ended(session, begun + kSessionAbsolute - std::chrono::seconds(1)));
  EXPECT_TRUE(session_has_ended(session, begun + kSessionAbsolute));
}

}  // namespace
}  // namespace tollgate
