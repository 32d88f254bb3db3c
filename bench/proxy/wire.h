// What the bench's two programs share: sockets on loopback, a clock, options, and a way to give up.
//
// They are tools beside Tollgate and use none of its rooms: a measuring device that shares code
// with what it measures shares its mistakes. One thread each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::bench {

// Nanoseconds of the steady clock.
std::int64_t now_ns();

// Says why on standard error and exits 2.
[[noreturn]] void die(std::string_view why);

// `--name value` pairs; a name may stand several times. Anything else ends the program.
class Options {
 public:
  Options(int argc, char** argv);

  // The last value of `name`, or `otherwise`.
  std::string text(const std::string& name, std::string otherwise = "") const;
  std::int64_t number(const std::string& name, std::int64_t otherwise) const;
  std::vector<std::string> all(const std::string& name) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

std::string read_file(const std::string& path);

// A non-blocking listener on 127.0.0.1; port 0 picks one.
int listen_on(int port);
int port_of(int listener);

// A non-blocking connection to 127.0.0.1 that is being made, with TCP_NODELAY.
int connect_to(int port);

void no_delay(int fd);

// The value of the first line of `head` named `name` (lower case), or empty.
std::string_view field(std::string_view head, std::string_view name);

}  // namespace tollgate::bench
