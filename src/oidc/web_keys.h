// The public keys that a provider signs with (JSON Web Key, RFC 7517), and the check of a signature
// (JSON Web Signature, RFC 7515) by libcjose. Pure.
//
// Which algorithms are believed is said here and nowhere else: signatures by a private key alone.
// `none` and the symmetric ones are unknown words, so that no public key ever serves as a secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace tollgate::oidc {

inline constexpr std::size_t kWebKeysMax = 100;
inline constexpr std::size_t kTokenBytesMax = 64 * 1024;

enum class KeyKind { kRsa, kP256, kP384 };

struct WebKey {
  std::string id;         // "" = it has none
  std::string algorithm;  // the only one it serves; "" = any of its kind
  KeyKind kind = KeyKind::kRsa;
  std::size_t signature_length = 0;  // of every signature by it, in base64url
  std::string json;                  // its public members, and no others
};

// What a token says of its own signature. Nothing of it is to be believed.
struct TokenHeader {
  std::string algorithm;
  std::string key_id;  // "" = not said
};
// kInvalidCredentials for what is no compact JWS, is signed in a way that is not believed, or
// demands an extension (`crit`).
Result<TokenHeader> read_token_header(std::string_view token);

class WebKeys {
 public:
  // {"keys": […]}. Keys of other kinds, for other uses, and RSA below 2048 bits are left out.
  // kProviderError when it is no such document.
  static Result<WebKeys> parse(std::string_view text);

  // The one that the header names; where it names none, the one that there is for its algorithm.
  // Null: there is none, or several could be meant.
  const WebKey* find(const TokenHeader& header) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<WebKey> keys_;
};

// The payload, once its signature was found to be the key's. kInvalidCredentials.
// REQUIRES: `key` was found for the token's header.
Result<std::string> verified_payload(std::string_view token, const WebKey& key);

// Base64url without padding (RFC 4648 §5).
std::string base64url(std::string_view bytes);

}  // namespace tollgate::oidc
