// Targets: where each provider's requests go, worked out once per Snapshot and shared by all
// threads: origin, base path, TLS, proxy, and the credential's header.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "net/http_client.h"
#include "net/origin.h"
#include "routing/snapshot.h"

namespace tollgate {

// Who makes a response of /v1/responses (ResponsesRoute, once it is decided).
enum class ResponsesBy { kTranslation, kProvider };

struct Target {
  const Provider* provider = nullptr;
  // What was learned of one that is asked by ResponsesRoute::kAuto; shared with the targets that
  // were made of the same provider before and after.
  enum class Responses : std::uint8_t { kUnknown, kServed, kMissing };
  std::shared_ptr<std::atomic<Responses>> responses =
      std::make_shared<std::atomic<Responses>>(Responses::kUnknown);
  net::Origin origin;
  std::string base_path;
  std::string_view credential_field = "Authorization";
  Secret credential;  // that field's value; empty = none
  net::CallDeadlines deadlines{};
};

struct TargetOptions {
  // Of the settings: what was connected under other ones is not used again.
  std::uint64_t generation = 0;
  std::string ca_file = {};                                             // for all; empty = none
  std::unordered_map<std::string, std::string> provider_ca_files = {};  // by provider id
  // The proxy for an https host and port; null = direct.
  std::function<std::shared_ptr<const net::Proxy>(const std::string& host, std::uint16_t port)>
      proxy = {};
};

class Targets {
 public:
  // kInvalidRequest naming the provider whose base URL or CA file cannot be used. What the former
  // ones learned is kept of every provider that is the same server, asked in the same way; a file
  // that they read in the same generation is not read again.
  static Result<std::shared_ptr<const Targets>> make(std::shared_ptr<const Snapshot> snapshot,
                                                     const TargetOptions& options,
                                                     const Targets* former = nullptr);

  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  // REQUIRES: a configured provider, not the sandbox.
  const Target& of(const Provider& provider) const;

  // Who makes a response for this provider's clients now. Any thread.
  ResponsesBy responses_by(const Provider& provider) const;
  // The provider answered a response: it serves them, for good.
  void responses_served(const Provider& provider) const;
  // Whether it may be one without: asked by ResponsesRoute::kAuto, and never seen to serve one.
  bool may_lack_responses(const Provider& provider) const;
  // It has no such path: from now on its responses are translated. REQUIRES: may_lack_responses(),
  // or it did when it was asked.
  void responses_missing(const Provider& provider) const;

 private:
  explicit Targets(std::shared_ptr<const Snapshot> snapshot) : snapshot_(std::move(snapshot)) {}
  // Null where this provider is a new one, or another server than before.
  const Target* like(const Target& target) const;

  using Authorities = std::shared_ptr<const net::TlsClientContext>;

  std::shared_ptr<const Snapshot> snapshot_;
  std::uint64_t generation_ = 0;
  std::map<std::string, Authorities> authorities_;  // by the provider's own file; "" = it has none
  std::unordered_map<const Provider*, Target> targets_;
};

}  // namespace tollgate
