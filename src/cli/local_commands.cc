#include "cli/local_commands.h"

#include <fmt/format.h>

#include "cli/version.h"
#include "config/describe.h"
#include "domain/whole_catalogue.h"

namespace tollgate::cli {

Outcome<void> serve(const Invocation& invocation) {
  const CommandLine overrides = invocation.flags.serve;
  const EnvironmentLookup environment = invocation.terminal.environment;
  auto settings = load_settings(overrides, environment);
  if (!settings) return failed(settings.error());
  const int status = invocation.serve(std::move(*settings), [overrides, environment] {
    return load_settings(overrides, environment);
  });
  if (status == kExitOk) return {};
  // serve() has said why.
  return std::unexpected(Failure{.message = {}, .envelope = {}, .exit_status = status});
}

Outcome<void> check_config(const Invocation& invocation) {
  const auto settings = load_settings(invocation.flags.serve, invocation.terminal.environment);
  if (!settings) return failed(settings.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(describe_settings(*settings));
    return {};
  }
  const WholeCatalogue whole = whole_catalogue(settings->catalogue, {}, built_in_catalogue(),
                                               invocation.terminal.clock.wall());
  const Catalogue& catalogue = whole.catalogue;
  invocation.terminal.out(fmt::format(
      "{}: sound. {} {}, {} {}; listens on {}:{}, data in {}.\n",
      settings->file.empty() ? "No configuration file" : settings->file, catalogue.providers.size(),
      catalogue.providers.size() == 1 ? "provider" : "providers", catalogue.offers.size(),
      catalogue.offers.size() == 1 ? "offer" : "offers", settings->listen.host,
      settings->listen.port, settings->data));
  return {};
}

Outcome<void> show_version(const Invocation& invocation) {
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json({{"version", kVersion}});
  } else {
    invocation.terminal.out(fmt::format("tollgate {}\n", kVersion));
  }
  return {};
}

}  // namespace tollgate::cli
