#include "base/password.h"

#include <sodium.h>

#include <array>

#include "base/check.h"

namespace tollgate {

Result<std::string> hash_password(const Secret& password) {
  check(sodium_init() >= 0, "libsodium starts");
  std::array<char, crypto_pwhash_STRBYTES> text{};
  const std::string_view words = password.expose();
  if (crypto_pwhash_str_alg(text.data(), words.data(), words.size(),
                            crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::kServiceUnavailable, "Passwords cannot be checked now: try again.",
                "no memory for Argon2id");
  }
  return std::string(text.data());
}

bool is_password_of(const std::string& hash, const Secret& password) {
  check(sodium_init() >= 0, "libsodium starts");
  const std::string_view words = password.expose();
  return crypto_pwhash_str_verify(hash.c_str(), words.data(), words.size()) == 0;
}

// A salt and a hash of zeros.
std::string_view nobodys_password_hash() {
  return "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}

}  // namespace tollgate
