#include "server/first_start.h"

#include <fmt/format.h>

#include <functional>
#include <future>

#include "sql/connection.h"
#include "store/people.h"

namespace tollgate {

namespace {

using Made = Result<KeyWithSecret>;

Task<> make_key(Ledger& ledger, std::promise<Made>& promise) {
  KeyPolicy policy;
  policy.name = "quickstart";
  policy.description = "Made by the first start. Calls the built-in sandbox only.";
  policy.environment = Environment::kSandbox;
  Principal by{.actor = "first start",
               .role = Role::kOperator,
               .workspace = std::nullopt,
               .from = "this computer"};
  promise.set_value(co_await ledger.create_key(std::move(by), WorkspaceId("ws_default"),
                                               std::move(policy), std::nullopt));
}

Task<> ask_for_operator(Ledger& ledger, std::promise<Result<bool>>& promise) {
  std::function<Result<bool>(sql::Connection&)> work = [](sql::Connection& connection) {
    return store::has_operator(connection);
  };
  promise.set_value(co_await ledger.read_facts(std::move(work)));
}

}  // namespace

Result<std::string> offer_setup(Ledger& ledger, SetupLink& link, Random& random, IoThread& thread,
                                const std::string& url) {
  std::promise<Result<bool>> promise;
  asio::post(thread.context(), [&] { thread.tasks().spawn(ask_for_operator(ledger, promise)); });
  const Result<bool> is_set_up = promise.get_future().get();
  if (!is_set_up) return std::unexpected(is_set_up.error());
  if (*is_set_up) return std::string();
  return fmt::format(
      "\n"
      "Open the dashboard and become its operator; the link works once:\n"
      "{}/setup#{}\n",
      url, link.make(random));
}

Result<std::string> greet_operator(Ledger& ledger, IoThread& thread, const std::string& url) {
  std::promise<Made> promise;
  asio::post(thread.context(), [&] { thread.tasks().spawn(make_key(ledger, promise)); });
  const Made made = promise.get_future().get();
  if (!made) return std::unexpected(made.error());
  const std::string_view secret = made->secret->expose();
  return fmt::format(
      "\n"
      "Your sandbox key, shown this once: {0}\n"
      "It calls the built-in sandbox only and costs nothing. Try it:\n"
      "\n"
      "curl {1}/v1/chat/completions -H 'Authorization: Bearer {0}' "
      "-H 'Content-Type: application/json' "
      "-d "
      "'{{\"model\":\"sandbox/"
      "echo\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n"
      "\n"
      "Make more keys with: tollgate keys create --name my-app\n",
      secret, url);
}

}  // namespace tollgate
