#include "cli/users_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/test_command_line.h"

namespace tollgate::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kPeople =
    R"({"data":[{"id":"user_1","email":"ada@example.com","name":"Ada","operator":true,)"
    R"("created_at":"2026-11-21T10:15:30.123456Z","memberships":[]},)"
    R"({"id":"user_2","email":"bob@example.com","name":"Bob","operator":false,)"
    R"("created_at":"2026-11-21T10:15:30.123456Z","memberships":[)"
    R"({"workspace_id":"ws_default","workspace":"default","role":"admin"},)"
    R"({"workspace_id":"ws_1","workspace":"shop","role":"viewer"}]}],"next_cursor":null})";

class UsersCommand : public CommandLineTest {};

TEST_F(UsersCommand, ListPrintsWhatEachMayDo) {
  serve_always(200, kPeople);
  const Ran ran = run_on_data({"users", "list"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("ada@example.com  Ada   operator "),
                             HasSubstr("admin in default, viewer in shop")));
}

TEST_F(UsersCommand, InvitePrintsTheLinkOnce) {
  serve_always(201,
               R"({"id":"inv_1","workspace_id":"ws_default","email":"bob@example.com",)"
               R"("role":"member","created_by":"cli","created_at":"2026-11-21T10:15:30.123456Z",)"
               R"("expires_at":"2026-11-28T10:15:30.123456Z","link":"/invite#invite_x"})");
  const Ran ran = run_on_data({"users", "invite", "bob@example.com", "--role", "member"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(server_->received().at(0).body, R"({"email":"bob@example.com","role":"member"})");
  EXPECT_THAT(ran.out, AllOf(HasSubstr("Invited bob@example.com as member"),
                             HasSubstr("/invite#invite_x"), HasSubstr("2026-11-28 10:15")));
}

TEST_F(UsersCommand, ResetPrintsTheLink) {
  serve_always(201, R"({"data":[{"id":"user_2","email":"bob@example.com"}],"next_cursor":null,)"
                    R"("id":"user_2","email":"bob@example.com",)"
                    R"("expires_at":"2026-11-21T11:15:30.123456Z","link":"/reset#reset_x"})");
  const Ran ran = run_on_data({"users", "reset", "bob@example.com"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(server_->received().at(1).target, "/admin/v1/people/user_2/password-reset");
  EXPECT_THAT(ran.out, AllOf(HasSubstr("/reset#reset_x"), HasSubstr("until 2026-11-21 11:15")));
}

TEST_F(UsersCommand, RemoveFindsTheAddress) {
  serve_always(200, kPeople);
  run_on_data({"users", "remove", "bob@example.com"});
  EXPECT_EQ(server_->received().at(1).method, "DELETE");
  EXPECT_EQ(server_->received().at(1).target, "/admin/v1/people/user_2");
  const Ran nobody = run_on_data({"users", "remove", "eve@example.com"});
  EXPECT_EQ(nobody.status, kExitFailed);
  EXPECT_THAT(nobody.err, HasSubstr("Nobody has the address eve@example.com"));
}

}  // namespace
}  // namespace tollgate::cli
