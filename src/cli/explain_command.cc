#include "cli/explain_command.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "cli/decision_text.h"
#include "cli/limit_text.h"
#include "cli/table.h"

namespace tollgate::cli {
namespace {

constexpr std::string_view kPath = "/admin/v1/route/explain";

Outcome<std::string> file_text(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.is_open() && !file.bad() && !text.empty()) return text;
  return misused(fmt::format("--body: {} cannot be read, or is empty.", name));
}

// The request to explain: a file's bytes as they are, or a prompt made into one.
Outcome<std::string> request_body(const ExplainFlags& flags) {
  if (flags.file) {
    if (!flags.prompt.empty() || flags.model) {
      return misused("--body is the whole request: leave out PROMPT and --model.");
    }
    return file_text(*flags.file);
  }
  json::object body;
  if (flags.model) body["model"] = *flags.model;
  body["messages"] = json::array{
      json::object{{"role", "user"}, {"content", flags.prompt.empty() ? "Hello" : flags.prompt}}};
  if (flags.max_tokens) body["max_tokens"] = *flags.max_tokens;
  return json::serialize(body);
}

std::string candidates_table(const json::object& explained) {
  Table table({{"BOUND AT"},
               {"PROVIDER"},
               {"REGION"},
               {"COST", Align::kRight},
               {"INPUT", Align::kRight},
               {"OUTPUT", Align::kRight}});
  const json::value* candidates = explained.if_contains("candidates");
  if (candidates == nullptr || !candidates->is_array()) return {};
  for (const json::value& entry : candidates->get_array()) {
    const json::object* one = entry.if_object();
    if (one == nullptr) continue;
    table.add({cell(*one, "model"), cell(*one, "provider"), cell(*one, "region"),
               cell(*one, "cost_bound"), cell(*one, "input_tokens_bound"),
               cell(*one, "output_tokens_bound")});
  }
  return table.empty() ? std::string() : "\n" + table.text();
}

std::string verdict(const json::object& explained) {
  const json::value* refusal = explained.if_contains("refusal");
  if (refusal == nullptr || !refusal->is_object()) {
    return fmt::format("Allowed: it would go to {} at {}.\n", cell(explained, "model"),
                       cell(explained, "provider"));
  }
  const json::object& why = refusal->get_object();
  return fmt::format("Refused with {} {}, by the {}: {}\n", cell(why, "status"), cell(why, "code"),
                     cell(why, "step"), cell(why, "message"));
}

std::string text_of(const json::object& explained) {
  std::string out = verdict(explained);
  if (const json::value* decision = explained.if_contains("decision");
      decision != nullptr && decision->is_object()) {
    out += "\n" + decision_text(decision->get_object());
  }
  out += candidates_table(explained);
  if (const std::string limits = limits_table(explained); !limits.empty()) out += "\n" + limits;
  return out;
}

}  // namespace

Outcome<void> explain(const Invocation& invocation) {
  const ExplainFlags& flags = invocation.flags.explain;
  const auto body = request_body(flags);
  if (!body) return std::unexpected(body.error());
  const auto session = AdminSession::open(invocation.flags.connection, invocation.terminal);
  if (!session) return std::unexpected(session.error());
  std::string document = R"({"key":)" + json_string(flags.key);
  if (flags.route) document += R"(,"route":)" + json_string(*flags.route);
  if (flags.region) document += R"(,"region":)" + json_string(*flags.region);
  document += R"(,"body":)" + *body + "}";
  const auto explained = session->post(kPath, std::move(document));
  if (!explained) return std::unexpected(explained.error());
  if (invocation.flags.output == Output::kJson) {
    invocation.print_json(*explained);
  } else {
    invocation.terminal.out(text_of(*explained));
  }
  return {};
}

}  // namespace tollgate::cli
