// What relaying learns of who makes responses (docs/adr/0016-responses.md): parts of Relaying.
#include "gateway/provider_refusal.h"
#include "gateway/relaying.h"

namespace tollgate {

// The provider's refusal seems to say that it has no path for responses, and none ever came of it.
bool Relaying::lacks_responses(std::string_view body) const {
  return dialect() == AnswerDialect::kResponses &&
         may_lack_path(call->head().status, body, admitted.request.needs) &&
         admitted.caller.state->targets->may_lack_responses(admitted.route.provider_of(offer()));
}

// What the answer that has begun says of the provider's responses: one without has served the same
// request as a chat.
void Relaying::learn_of_responses() const {
  const Targets& targets = *admitted.caller.state->targets;
  const Provider& provider = admitted.route.provider_of(offer());
  if (dialect() == AnswerDialect::kResponses) {
    targets.responses_served(provider);
  } else if (doubted == &offer()) {
    targets.responses_missing(provider);
  }
}

}  // namespace tollgate
