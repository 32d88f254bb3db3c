#include "cli/users_commands.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "cli/table.h"

namespace tollgate::cli {
namespace {

constexpr std::string_view kPeoplePath = "/admin/v1/people";
constexpr std::int64_t kPeopleMax = 1'000'000'000;  // looked through for an address

// "operator", or "admin in default, viewer in shop".
std::string rights_cell(const json::object& person) {
  const json::value* is_operator = person.if_contains("operator");
  if (is_operator != nullptr && is_operator->is_bool() && is_operator->get_bool()) {
    return "operator";
  }
  std::vector<std::string> rights;
  const json::value* memberships = person.if_contains("memberships");
  if (memberships != nullptr && memberships->is_array()) {
    for (const json::value& entry : memberships->get_array()) {
      if (const json::object* one = entry.if_object()) {
        rights.push_back(fmt::format("{} in {}", cell(*one, "role"), cell(*one, "workspace")));
      }
    }
  }
  return rights.empty() ? "-" : fmt::format("{}", fmt::join(rights, ", "));
}

// The id of the person with that address; text that begins with "user_" is an id already.
Outcome<std::string> person_id(const AdminSession& session, const std::string& user) {
  if (user.starts_with("user_")) return user;
  const auto page = session.list(kPeoplePath, {}, kPeopleMax);
  if (!page) return std::unexpected(page.error());
  for (const json::value& entry : page->at("data").get_array()) {
    const json::object* person = entry.if_object();
    if (person != nullptr && cell(*person, "email") == user) return cell(*person, "id");
  }
  return failed(
      {.code = ErrorCode::kNotFound,
       .message = fmt::format("Nobody has the address {}: `tollgate users list` shows who "
                              "is there.",
                              printable(user))});
}

}  // namespace

Outcome<void> list_users(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto page = session->list(kPeoplePath, {}, invocation.list_limit());
  if (!page) return std::unexpected(page.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*page);
    return {};
  }
  Table table({{"EMAIL"}, {"NAME"}, {"RIGHTS"}, {"CREATED"}, {"ID"}});
  for (const json::value& entry : page->at("data").get_array()) {
    const json::object* person = entry.if_object();
    if (person == nullptr) continue;
    table.add({cell(*person, "email"), cell(*person, "name"), rights_cell(*person),
               time_cell(*person, "created_at"), cell(*person, "id")});
  }
  invocation.print_table(table, *page,
                         "Nobody yet. The link that `tollgate serve` prints makes the operator.");
  return {};
}

Outcome<void> invite_user(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  json::object body{{"email", invocation.flags.user.user}};
  if (invocation.flags.user.role) body["role"] = *invocation.flags.user.role;
  const auto invitation = session->call("POST", "/admin/v1/invitations", body);
  if (!invitation) return std::unexpected(invitation.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*invitation);
    return {};
  }
  invocation.terminal.out(fmt::format(
      "Invited {} as {}. Give them this link; it works once, until {} UTC:\n{}{}\n",
      cell(*invitation, "email"), cell(*invitation, "role"), time_cell(*invitation, "expires_at"),
      session->base_url(), cell(*invitation, "link")));
  return {};
}

Outcome<void> reset_user(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto id = person_id(*session, invocation.flags.user.user);
  if (!id) return std::unexpected(id.error());
  const auto link = session->call(
      "POST", fmt::format("{}/{}/password-reset", kPeoplePath, percent_encode(*id)), std::nullopt);
  if (!link) return std::unexpected(link.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*link);
    return {};
  }
  invocation.terminal.out(
      fmt::format("Give {} this link to a new password; it works once, until {} UTC:\n{}{}\n",
                  cell(*link, "email"), time_cell(*link, "expires_at"), session->base_url(),
                  cell(*link, "link")));
  return {};
}

Outcome<void> remove_user(const Invocation& invocation) {
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  const auto id = person_id(*session, invocation.flags.user.user);
  if (!id) return std::unexpected(id.error());
  const auto person =
      session->call("DELETE", fmt::format("{}/{}", kPeoplePath, percent_encode(*id)), std::nullopt);
  if (!person) return std::unexpected(person.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*person);
  } else {
    invocation.terminal.out(
        fmt::format("Removed {} ({}).\n", cell(*person, "email"), cell(*person, "id")));
  }
  return {};
}

}  // namespace tollgate::cli
