// MasterKey: seals what the database keeps of secrets, and opens it again: XChaCha20-Poly1305
// (libsodium), a fresh nonce each time, bound to the row that it stands in, so that a sealed secret
// that is copied into another row does not open there.
//
// The key is never stored in the database. server/ takes it from the environment or from a file in
// the data directory; any thread may use it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"

namespace tollgate {

class MasterKey {
 public:
  static constexpr std::size_t kBytes = 32;

  // 64 hex digits, or base64 of 32 bytes (either alphabet, with or without its padding); blanks
  // around it do not count. kInvalidRequest otherwise, which never repeats the text.
  static Result<MasterKey> parse(std::string_view text);
  static MasterKey make(Random& random);
  // What parse() reads: base64.
  Secret text() const;

  // Bytes that say which key sealed them, but nothing of what is in them.
  std::string seal(std::string_view secret, std::string_view row, Random& random) const;
  // kConflict: another key sealed it. kInternal: it is damaged, or is another row's.
  Result<Secret> open(std::string_view sealed, std::string_view row) const;

 private:
  explicit MasterKey(Secret bytes);
  std::string name() const;

  Secret bytes_;
};

}  // namespace tollgate
