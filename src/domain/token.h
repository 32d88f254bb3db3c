// The token a client sends (SPEC §2): prefix, base62 random characters, a 6-character base62 CRC-32
// of everything before it; 48 characters in all with the default prefix.
//
// Pure. Minting takes the randomness from its caller; nothing here keeps a token.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/secret.h"

namespace tollgate {

enum class TokenKind { kProduction, kSandbox, kManagement };

inline constexpr int kTokenLength = 48;
inline constexpr int kTokenChecksumLength = 6;
inline constexpr int kTokenPreviewLength = 18;
inline constexpr int kTokenLengthMax = 512;  // longer credentials are malformed, whatever they are
// The fewest secret bits that a preview may leave (SPEC §2).
inline constexpr double kHiddenBitsMin = 112.0;

// The installation's prefix P, giving P, P"test-" and P"admin-".
class TokenFormat {
 public:
  // Refuses a prefix that is not 1–24 characters of [A-Za-z0-9_-], or that leaves under 112 hidden
  // bits for any kind of token (hidden random characters × 5.95 − 24 for last4; the preview shows
  // the first 18 characters of the token).
  static Result<TokenFormat> create(std::string prefix);
  static TokenFormat standard();  // "sk-tg-"

  const std::string& prefix() const { return prefix_; }
  std::string prefix_of(TokenKind kind) const;
  Secret mint(TokenKind kind, Random& random) const;
  // False only for a token of one of the current prefixes *and* length whose checksum is wrong, or
  // that is empty, too long or holds a byte outside 0x21–0x7e: such a token needs no look-up. All
  // others are looked up by hash.
  bool plausible(std::string_view token) const;
  // True for text that looks like one of our tokens (current or default prefix and length): used to
  // find keys in URLs.
  bool looks_like_token(std::string_view text) const;

 private:
  explicit TokenFormat(std::string prefix) : prefix_(std::move(prefix)) {}
  std::string prefix_;
};

// The look-up key and all that is kept of a token, besides its preview.
Sha256 token_hash(std::string_view token);
std::string token_preview(std::string_view token);  // first 18 characters + "..."
std::string token_last4(std::string_view token);

}  // namespace tollgate
