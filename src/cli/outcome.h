// What a command came to: nothing to say, or a Failure that becomes a line (or, with --json, the
// API's envelope) on standard error and an exit status.
#pragma once

#include <expected>
#include <string>

#include "base/error.h"
#include "cli/cli.h"

namespace tollgate::cli {

struct Failure {
  std::string message;   // a plain sentence
  std::string envelope;  // one JSON document, SPEC §4
  int exit_status = kExitFailed;
};

template <class T>
using Outcome = std::expected<T, Failure>;

// A failure of our own, in the envelope that the server would have used.
std::unexpected<Failure> failed(const Error& error);
// The command line is wrong: exit status 2. `message` shows the right form.
std::unexpected<Failure> misused(std::string message);
// What the server answered instead of a success.
std::unexpected<Failure> refused(int status, std::string_view body);

}  // namespace tollgate::cli
