// Password hashes: Argon2id (RFC 9106) by libsodium, 64 MiB and two passes. Both functions take
// about 100 ms of one core: never on an I/O thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace tollgate {

// The hash with its parameters and its own random salt, as text ("$argon2id$…").
// kServiceUnavailable when there is no memory for it.
Result<std::string> hash_password(const Secret& password);

// Whether the hash is of this password. Text that is no hash is nobody's password.
bool is_password_of(const std::string& hash, const Secret& password);

// Nobody's: compared with where there is no account, so that its absence cannot be told from the
// time that an answer takes.
std::string_view nobodys_password_hash();

}  // namespace tollgate
