// Reads the words of a prompt for the rules that choose a model by it (SPEC §6). Pure; called by
// gateway/ only where a route is chosen by rule: the body is walked once more, and only the texts
// that the rules look at are unescaped.
#pragma once

#include <string_view>

#include "dialects/chat_request.h"
#include "domain/prompt_text.h"

namespace tollgate {

// Of either dialect. Of a message, `last_user` has the texts of its parts without what tools
// answered; a message that has nothing but tools' answers is nobody's turn. Of a legacy completion
// every prompt is a turn, and none a message; of one in tokens there are no words.
// REQUIRES: `request` was read from `body`.
PromptText prompt_text(const ChatRequest& request, std::string_view body);

}  // namespace tollgate
