#include "cli/models_commands.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/catalogue_document.h"
#include "cli/list_table.h"
#include "cli/table.h"

namespace tollgate::cli {
namespace {

constexpr std::string_view kModelsPath = "/admin/v1/models";
constexpr std::string_view kAliasesPath = "/admin/v1/aliases";

// An offer's price per million tokens.
std::string price_cell(const json::object& model, std::string_view member) {
  const json::value* prices = model.if_contains("prices");
  return prices == nullptr || !prices->is_object() ? "-" : cell(prices->get_object(), member);
}

std::string offers_cell(const json::object& model, std::string_view member) {
  const json::value* offers = model.if_contains("offers");
  if (offers == nullptr || !offers->is_array()) return "-";
  std::string out;
  for (const json::value& offer : offers->get_array()) {
    if (!offer.is_object()) continue;
    if (!out.empty()) out += ", ";
    out += cell(offer.get_object(), member);
  }
  return out.empty() ? "-" : out;
}

std::string path_of(const Invocation& invocation, std::string_view rest = "") {
  return fmt::format("{}/{}{}", kModelsPath, percent_encode(invocation.flags.model.id), rest);
}

void print_model(const Invocation& invocation, const json::object& model) {
  if (invocation.flags.output == Output::kJson) return invocation.print_json(model);
  std::vector<std::pair<std::string, std::string>> lines;
  for (const std::string_view member : {"id", "name", "kind", "context_window", "max_output_tokens",
                                        "quality", "tier", "tool_calling", "facts_source"}) {
    lines.emplace_back(member, cell(model, member));
  }
  const json::value* capabilities = model.if_contains("capabilities");
  if (capabilities != nullptr && capabilities->is_object()) {
    for (const auto& member : capabilities->get_object()) {
      lines.emplace_back(member.key(), cell(capabilities->get_object(), member.key()));
    }
  }
  invocation.terminal.out(field_lines(lines));
  const json::value* offers = model.if_contains("offers");
  if (offers == nullptr || !offers->is_array() || offers->get_array().empty()) return;
  const json::object page{{"data", *offers}, {"next_cursor", nullptr}};
  invocation.terminal.out("\n");
  print_list(invocation, page,
             {{"PROVIDER", "provider"},
              {"REGION", "region"},
              {"UPSTREAM MODEL", "upstream_model"},
              {"CONTEXT", "context_window", Align::kRight},
              {"MAX OUTPUT", "max_output_tokens", Align::kRight},
              {"USD/M INPUT", "input", Align::kRight, price_cell},
              {"USD/M OUTPUT", "output", Align::kRight, price_cell},
              {"PRICE", "price_version"},
              {"SOURCE", "source"}},
             "");
}

Outcome<AdminSession> open(const Invocation& invocation) {
  return AdminSession::open(invocation.flags.connection, invocation.terminal);
}

}  // namespace

Outcome<void> list_models(const Invocation& invocation) {
  return list_of(invocation, kModelsPath, {},
                 {{"MODEL", "id"},
                  {"PROVIDERS", "provider", Align::kLeft, offers_cell},
                  {"CONTEXT", "context_window", Align::kRight},
                  {"MAX OUTPUT", "max_output_tokens", Align::kRight},
                  {"USD/M INPUT", "input", Align::kRight, price_cell},
                  {"USD/M OUTPUT", "output", Align::kRight, price_cell}},
                 "No models. Add a provider with `tollgate providers add`, or to tollgate.yaml.");
}

Outcome<void> get_model(const Invocation& invocation) {
  const auto session = open(invocation);
  if (!session) return std::unexpected(session.error());
  const auto model = session->get(path_of(invocation));
  if (!model) return std::unexpected(model.error());
  print_model(invocation, *model);
  return {};
}

Outcome<void> set_model(const Invocation& invocation) {
  const ModelFlags& flags = invocation.flags.model;
  const auto facts = facts_document(flags);
  if (!facts) return misused(facts.error().message + ".");
  const json::object offer = offer_document(flags);
  const bool tells_offer = flags.provider.has_value();
  const bool names_offer =
      flags.upstream || flags.region || flags.max_tokens_field || !flags.prices.empty();
  if (names_offer && !tells_offer) {
    return misused(
        "Prices and names at a provider need --provider ID: a model may cost something "
        "else at another.");
  }
  if (facts->empty() && offer.empty()) {
    return misused(
        "Say what to set, e.g. `tollgate models set acme/large --provider acme --input "
        "2.50 --output 10`. `tollgate models set --help` shows all of it.");
  }
  const auto session = open(invocation);
  if (!session) return std::unexpected(session.error());
  Outcome<json::object> model = json::object();
  if (!facts->empty()) model = session->call("PATCH", path_of(invocation), *facts);
  if (!model) return std::unexpected(model.error());
  if (tells_offer) {
    model = session->call("PUT", path_of(invocation, "/offers"), offer,
                          {{"provider", *flags.provider}});
  }
  if (!model) return std::unexpected(model.error());
  print_model(invocation, *model);
  return {};
}

Outcome<void> reset_model(const Invocation& invocation) {
  const ModelFlags& flags = invocation.flags.model;
  const auto session = open(invocation);
  if (!session) return std::unexpected(session.error());
  const auto done = flags.provider ? session->call("DELETE", path_of(invocation, "/offers"),
                                                   std::nullopt, {{"provider", *flags.provider}})
                                   : session->call("DELETE", path_of(invocation), std::nullopt);
  if (!done) return std::unexpected(done.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*done);
  } else {
    invocation.terminal.out(fmt::format("What was set of {} is taken back.\n", flags.id));
  }
  return {};
}

Outcome<void> list_aliases(const Invocation& invocation) {
  return list_of(invocation, kAliasesPath, {},
                 {{"ALIAS", "alias"}, {"MODEL", "target"}, {"SOURCE", "source"}},
                 "No aliases. Make one with `tollgate aliases set auto tollgate/auto`.");
}

Outcome<void> set_alias(const Invocation& invocation) {
  const ModelFlags& flags = invocation.flags.model;
  const auto session = open(invocation);
  if (!session) return std::unexpected(session.error());
  const auto alias =
      session->call("PUT", fmt::format("{}/{}", kAliasesPath, percent_encode(flags.id)),
                    json::object{{"target", flags.target}});
  if (!alias) return std::unexpected(alias.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*alias);
  } else {
    invocation.terminal.out(
        fmt::format("{} stands for {}.\n", cell(*alias, "alias"), cell(*alias, "target")));
  }
  return {};
}

Outcome<void> remove_alias(const Invocation& invocation) {
  const ModelFlags& flags = invocation.flags.model;
  const auto session = open(invocation);
  if (!session) return std::unexpected(session.error());
  const auto removed = session->call(
      "DELETE", fmt::format("{}/{}", kAliasesPath, percent_encode(flags.id)), std::nullopt);
  if (!removed) return std::unexpected(removed.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*removed);
  } else {
    invocation.terminal.out(fmt::format("Removed the alias {}.\n", printable(flags.id)));
  }
  return {};
}

}  // namespace tollgate::cli
