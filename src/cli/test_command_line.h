// For cli's tests: runs command lines against a test server in a data directory of their own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/test_admin_server.h"

namespace tollgate::cli {

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    std::string pattern = ::testing::TempDir() + "cli_XXXXXX";
    data_ = ::mkdtemp(pattern.data());
  }
  ~CommandLineTest() override {
    server_.reset();
    std::filesystem::remove_all(data_);
  }

  void serve(TestSocketServer::Handler handler) {
    server_.emplace(boost::asio::local::stream_protocol::endpoint(data_ + "/admin.sock"),
                    std::move(handler));
  }
  // Every request is answered so.
  void serve_always(int status, const std::string& body) {
    serve([=](const Received&) { return Reply{.status = status, .body = body}; });
  }

  // `tollgate ARGUMENTS…`, as given.
  Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "tollgate");
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    Ran ran;
    const Terminal terminal{
        .out = [&ran](std::string_view text) { ran.out += text; },
        .err = [&ran](std::string_view text) { ran.err += text; },
        .environment = [this](std::string_view name) -> std::optional<std::string> {
          const auto found = variables_.find(std::string(name));
          return found == variables_.end() ? std::nullopt : std::optional(found->second);
        },
        .clock = clock_};
    const ServeFunction serve = [this](Settings settings, ReloadSettings reload) {
      served_ = std::move(settings);
      reloaded_ = reload();
      return serve_status_;
    };
    ran.status = run_cli(static_cast<int>(argv.size()), argv.data(), serve, terminal);
    return ran;
  }
  // The same with `--data` of the test server.
  Ran run_on_data(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--data", data_});
    return run(std::move(arguments));
  }

  std::string data_;
  std::map<std::string, std::string> variables_;
  ManualClock clock_{parse_time("2026-11-21T10:15:30Z").value()};
  std::optional<TestSocketServer> server_;
  std::optional<Settings> served_;
  std::optional<Result<Settings>> reloaded_;
  int serve_status_ = 0;
};

}  // namespace tollgate::cli
