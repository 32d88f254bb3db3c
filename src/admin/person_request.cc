#include "admin/person_request.h"

#include <optional>
#include <utility>

#include "base/json.h"
#include "domain/person.h"
#include "domain/text_rules.h"

namespace tollgate {

namespace {

std::string required(ObjectReader& reader, std::string_view name) {
  std::optional<std::string> text = reader.string(name);
  if (!text && !reader.has(name)) reader.problem(std::string(name), "must be given");
  return std::move(text).value_or("");
}

std::string read_email(ObjectReader& reader) {
  const std::string text = required(reader, "email");
  std::optional<std::string> email = normal_email(text);
  if (!email && !text.empty()) {
    reader.problem("email", "must be an e-mail address such as ada@example.com");
  } else if (!email && reader.has("email")) {
    reader.problem("email", "must not be empty");
  }
  return std::move(email).value_or("");
}

std::string read_name(ObjectReader& reader) {
  std::string name = required(reader, "name");
  if (!reader.has("name")) return name;
  if (auto wrong = name_problem(name, kPersonNameLengthMax)) {
    reader.problem("name", std::move(*wrong));
  }
  return name;
}

Secret read_new_password(ObjectReader& reader, std::string_view member) {
  Secret password(required(reader, member));
  if (!reader.has(member)) return password;
  if (auto wrong = password_problem(password.expose())) {
    reader.problem(std::string(member), std::move(*wrong));
  }
  return password;
}

// One that is there already: any text, as long as it is not absurdly long.
Secret read_password(ObjectReader& reader, std::string_view member) {
  Secret password(required(reader, member));
  if (password.expose().size() > kPasswordBytesMax) {
    reader.problem(std::string(member), "is longer than any password may be");
  }
  return password;
}

std::optional<Role> read_role(ObjectReader& reader) {
  const std::optional<std::string> name = reader.string("role");
  if (!name) return std::nullopt;
  const std::optional<Role> role = role_from_name(*name);
  if (!role) reader.problem("role", "must be viewer, member, admin or operator");
  return role;
}

}  // namespace

Result<SetupRequest> parse_setup(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  SetupRequest request{.token = required(reader, "token"),
                       .account = {.email = read_email(reader),
                                   .name = read_name(reader),
                                   .password = read_new_password(reader, "password")}};
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return request;
}

Result<SignInRequest> parse_sign_in(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  // What is no address is nobody's, and is answered as one that nobody has.
  SignInRequest request{.email = normal_email(required(reader, "email")).value_or(""),
                        .password = read_password(reader, "password")};
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return request;
}

Result<PasswordChange> parse_password_change(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  PasswordChange change{.current = read_password(reader, "current_password"),
                        .next = read_new_password(reader, "new_password")};
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return change;
}

Result<Secret> parse_password_proof(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  Secret password = read_password(reader, "password");
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return password;
}

Result<ResetRequest> parse_reset(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  ResetRequest request{.token = required(reader, "token"),
                       .password = read_new_password(reader, "password")};
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return request;
}

Result<InvitationRequest> parse_invitation(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  InvitationRequest request{.email = read_email(reader),
                            .role = read_role(reader).value_or(Role::kViewer)};
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return request;
}

Result<AcceptRequest> parse_accept(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  AcceptRequest request{.token = required(reader, "token"),
                        .name = reader.string("name").value_or(""),
                        .password = read_password(reader, "password")};
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return request;
}

Result<Role> parse_member_patch(std::string_view body) {
  const auto value = parse_json(body);
  if (!value) return std::unexpected(value.error());
  ObjectReader reader(*value);
  const std::optional<Role> role = read_role(reader);
  if (!role && !reader.has("role")) reader.problem("role", "must be given");
  if (role == Role::kOperator) reader.problem("role", "must be viewer, member or admin");
  if (auto sound = reader.finish(); !sound) return std::unexpected(sound.error());
  return *role;
}

}  // namespace tollgate
