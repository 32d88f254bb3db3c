// What requests about people carry, read strictly. Pure. Errors: kInvalidRequest for no JSON,
// kUnprocessable naming every problem at once.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "domain/key.h"

namespace tollgate {

// Of somebody new.
struct NewAccount {
  std::string email;
  std::string name;
  Secret password;
};

// {"token", "email", "name", "password"}
struct SetupRequest {
  std::string token;
  NewAccount account;
};
Result<SetupRequest> parse_setup(std::string_view body);

// {"email", "password"}: an address that is none is kept as it is, and nobody's.
struct SignInRequest {
  std::string email;
  Secret password;
};
Result<SignInRequest> parse_sign_in(std::string_view body);

// {"current_password", "new_password"}
struct PasswordChange {
  Secret current;
  Secret next;
};
Result<PasswordChange> parse_password_change(std::string_view body);

// {"password"}: of the caller, once more.
Result<Secret> parse_password_proof(std::string_view body);

// {"token", "password"}: of the link, and the new one.
struct ResetRequest {
  std::string token;
  Secret password;
};
Result<ResetRequest> parse_reset(std::string_view body);

// {"email", "role"}; the role viewer if it is left out.
struct InvitationRequest {
  std::string email;
  Role role = Role::kViewer;
};
Result<InvitationRequest> parse_invitation(std::string_view body);

// {"token", "name", "password"}: a name only of somebody new.
struct AcceptRequest {
  std::string token;
  std::string name;
  Secret password;
};
Result<AcceptRequest> parse_accept(std::string_view body);

// {"role"}
Result<Role> parse_member_patch(std::string_view body);

}  // namespace tollgate
