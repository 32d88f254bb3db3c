// Probe: whether a provider can be used as it is configured, and if not, what is wrong (SPEC §10
// "Providers": test). Asks for the provider's list of models, which costs nothing; for one model,
// on the operator's word, with a prompt of one word.
//
// Called by admin/ on the connection's I/O thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "domain/offer.h"
#include "net/http_client.h"
#include "upstream/targets.h"

namespace tollgate {

enum class ProbeVerdict {
  kOk,
  kName,         // the host has no address
  kDestination,  // it has none that may be gone to
  kConnect,      // nobody listens, or not in time
  kProxy,        // the proxy does not let through
  kTls,          // no TLS, or a certificate that is not believed
  kTimeout,      // connected, and no answer in time
  kConnection,   // it closed in the middle, or did not speak HTTP
  kRedirect,     // it sends elsewhere, where nothing is followed
  kCredential,   // refused
  kBaseUrl,      // the path is not there
  kModel,        // a model that is offered is not there
  kRefused,      // any other refusal: no quota, too many requests, an error of its own
  kAnswer        // it answers, but not as its dialect would
};
std::string_view probe_verdict_name(ProbeVerdict verdict);  // "ok", "dns", "connect" …

struct ProbeResult {
  ProbeVerdict verdict = ProbeVerdict::kOk;
  std::string message;  // what it means, and what to do
  int status = 0;       // of the provider's answer; 0 = none
  std::chrono::milliseconds latency{0};
  std::vector<std::string> missing;  // upstream names that its list does not have
};

// What a provider's list of models tells of the offers. `told` are those that an operator named;
// the others may be missing, since not every account has every model.
struct ProbeOffers {
  std::vector<const Offer*> told;
  std::vector<const Offer*> others;
};

// REQUIRES: not the sandbox.
Task<ProbeResult> probe_provider(net::HttpClient& client, const Target& target,
                                 const ProbeOffers& offers);
// Asks the model itself.
Task<ProbeResult> probe_model(net::HttpClient& client, const Target& target, const Offer& offer);

// What an answer means. Pure, for tests.
ProbeResult judge_models_answer(int status, std::string_view body, const Provider& provider,
                                const ProbeOffers& offers);
ProbeResult judge_model_answer(int status, std::string_view body, const Offer& offer);

}  // namespace tollgate
