// Whose sign-in it is that an OpenID provider vouches for. Writer only.
#pragma once

#include <string>

#include "admin/admin.h"
#include "base/error.h"
#include "oidc/pending_sign_ins.h"
#include "sql/connection.h"
#include "store/people.h"

namespace tollgate {

// What the provider said, checked: the address is verified, allowed, and as normal_email() has it,
// or "" where the provider names no verified one.
struct Vouched {
  std::string issuer;
  std::string subject;
  std::string email;
  std::string name;
};

// The person of this identity; else, where an invitation to the address is open, a new one. Takes
// every open invitation to the person's own address with it. Never an account that is there already
// and not linked, whatever its address: kConflict. kNotFound: nobody invited them. kUnprocessable:
// they are nobody's yet, and without an address.
Result<store::Account> person_of(sql::Connection& connection, const AdminCall& call,
                                 const Vouched& vouched);

// Makes the identity that of who wished so. kConflict when it is somebody's, or they have another
// one of this issuer; kExpiredSession when the session they wished it in has ended, or their
// password is not the one that they gave then.
Status link_identity(sql::Connection& connection, const AdminCall& call, const oidc::LinkWish& wish,
                     const Vouched& vouched);

}  // namespace tollgate
