// The bodies of requests to /admin/v1/providers, /models and /profiles, from the command line's
// flags. Pure, but for what `--from` and `--api-key-*` name.
//
// Each is kInvalidRequest with a message that shows the right form.
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "cli/flags.h"

namespace tollgate::cli {

// What is set; empty when nothing was asked for.
Result<json::object> provider_document(const ProviderFlags& flags, const Terminal& terminal);
// The facts that are stated.
Result<json::object> facts_document(const ModelFlags& flags);
// The offer that is told.
json::object offer_document(const ModelFlags& flags);
Result<json::object> profile_document(const ProfileFlags& flags);

// What stands in the file, or, for "-", on standard input: one JSON object.
Result<json::object> read_json_file(const std::string& path, const Terminal& terminal);

}  // namespace tollgate::cli
