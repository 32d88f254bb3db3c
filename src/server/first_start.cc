#include "server/first_start.h"

#include <fmt/format.h>

#include <future>

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

}  // namespace

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
