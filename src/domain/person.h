// People: who signs in, and what they may do in which workspace (SPEC §9).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/key.h"

namespace tollgate {

inline constexpr std::size_t kPersonNameLengthMax = 128;  // characters, not bytes
inline constexpr std::size_t kEmailLengthMax = 254;       // RFC 5321 §4.5.3.1.3, less the brackets
inline constexpr std::size_t kPasswordLengthMin = 10;     // characters
inline constexpr std::size_t kPasswordBytesMax = 1'024;

// A session ends when it was not used for so long, and in any case so long after it began.
inline constexpr std::chrono::hours kSessionIdle{12};
inline constexpr std::chrono::hours kSessionAbsolute{7 * 24};
inline constexpr int kPersonSessionsMax = 50;
inline constexpr std::chrono::hours kInvitationLife{7 * 24};

enum class Reach { kWorkspaces, kInstallation };  // kInstallation: an operator

struct Person {
  PersonId id;
  std::string email;  // as normal_email() gives it: unique in the installation
  std::string name;
  Reach reach = Reach::kWorkspaces;
  WallTime created_at;

  bool operator==(const Person&) const = default;
};

// What a person may do in one workspace. Never Role::kOperator.
struct Membership {
  WorkspaceId workspace;
  std::string workspace_name;
  Role role = Role::kViewer;

  bool operator==(const Membership&) const = default;
};

// A sign-in that lasts, as the server keeps it: its token is the browser's, and a hash here.
struct PersonSession {
  std::string id;  // ses_…
  PersonId person;
  WallTime created_at;
  WallTime last_seen_at;
  std::string from;    // the client's address when it began
  std::string client;  // its user agent

  bool operator==(const PersonSession&) const = default;
};

bool session_has_ended(const PersonSession& session, WallTime now);
// When it ends if it is not used again.
WallTime session_end(const PersonSession& session);

// A way in for one who is not there yet: a link that works once.
struct Invitation {
  std::string id;  // inv_…
  WorkspaceId workspace;
  std::string email;
  Role role = Role::kViewer;  // kOperator: of the installation
  std::string created_by;     // Principal::actor
  WallTime created_at;
  WallTime expires_at;

  bool operator==(const Invitation&) const = default;
};

// Without blanks around it and in small letters; nullopt when it is no address: something, one @,
// and a host name, without blanks and control characters.
std::optional<std::string> normal_email(std::string_view text);

// What is wrong with a new password, as it follows "password"; nullopt: nothing.
std::optional<std::string> password_problem(std::string_view password);

}  // namespace tollgate
