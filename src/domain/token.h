// The token a client sends (SPEC §2): prefix, base62 random characters, a 6-character base62 CRC-32
// of everything before it; 48 characters in all, whatever the prefix: a longer prefix leaves fewer
// random characters.
//
// Pure. Minting takes the randomness from its caller; nothing here keeps a token.
#pragma once

#include <string>
#include <string_view>
#include <utility>

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
// The fewest secret bits that a preview may leave (SPEC §2). Hidden are the random characters after
// the preview, before the checksum: 24 with a prefix of up to 18 characters. A base62 character is
// 5.95 bits, and last4 (of the checksum, which every random character went into) tells 24 of them:
// 24 × 5.95 − 24 = 118.8. So `sk-tg-`, `sk-`, `lr-sk-` and `sk-routor-` leave 118.8 for all three
// kinds of token, and the longest P, 13 characters, leaves 112.85 for P"admin-".
inline constexpr int kHiddenBitsMin = 112;

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
  // True for text that looks like one of our tokens: used to find keys in URLs. Our length, and
  // either the current or default prefix or a right checksum (a token of an earlier prefix).
  bool looks_like_token(std::string_view text) const;

 private:
  explicit TokenFormat(std::string prefix) : prefix_(std::move(prefix)) {}
  std::string prefix_;
};

// True when `text` is of our length and ends in the checksum of everything before it, whatever its
// prefix. Other text does so once in 2^32.
bool has_token_checksum(std::string_view text);

// The look-up key and all that is kept of a token, besides its preview.
Sha256 token_hash(std::string_view token);
// The first 18 characters + "..."; of a shorter token, which is not one of ours, three eighths.
std::string token_preview(std::string_view token);
// The last four characters; of a token under 16 characters nothing.
std::string token_last4(std::string_view token);

}  // namespace tollgate
