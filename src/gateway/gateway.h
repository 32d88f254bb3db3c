// The data plane on one I/O thread: what its handlers share. server/ makes one per thread and gives
// it each new state on start and on reload; a request keeps the state it began with.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "domain/client_address.h"
#include "domain/credits.h"
#include "domain/ip.h"
#include "domain/token.h"
#include "ledger/ledger.h"
#include "net/http_client.h"
#include "runtime/io_threads.h"
#include "upstream/targets.h"

namespace tollgate {

// Whether usage rows carry the client's address (SPEC §8).
enum class RecordIp { kYes, kNo };

// What a reload may replace.
struct GatewayState {
  std::shared_ptr<const Targets> targets;  // with its Snapshot
  TokenFormat token_format = TokenFormat::standard();
  std::vector<Cidr> trusted_proxies;
  HttpsRule https_rule = HttpsRule::kRequired;
  RecordIp record_ip = RecordIp::kYes;
  Money credit_value = kCreditValueDefault;  // what one credit is worth (SPEC §5)
  std::size_t body_bytes_max = 32 * 1024 * 1024;
};

struct Gateway {
  IoThread& thread;
  Ledger& ledger;
  const Clock& clock;
  Random& random;
  net::HttpClient client;
  std::shared_ptr<const GatewayState> state;  // replaced on this thread
  std::uint64_t turn = 0;                     // moves on by one per request
};

}  // namespace tollgate
