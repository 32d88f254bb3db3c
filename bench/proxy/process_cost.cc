#include "proxy/process_cost.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "proxy/wire.h"

namespace tollgate::bench {

std::int64_t cpu_ns(const std::vector<std::string>& pids) {
  std::int64_t sum = 0;
  for (const std::string& pid : pids) {
    std::error_code error;
    for (const auto& thread :
         std::filesystem::directory_iterator("/proc/" + pid + "/task", error)) {
      std::int64_t nanoseconds = 0;
      std::ifstream(thread.path() / "schedstat") >> nanoseconds;
      sum += nanoseconds;
    }
    if (error) die("process " + pid + " is gone");
  }
  return sum;
}

std::int64_t resident_kb(const std::vector<std::string>& pids) {
  std::int64_t sum = 0;
  for (const std::string& pid : pids) {
    std::ifstream file("/proc/" + pid + "/status");
    for (std::string word; file >> word;) {
      if (word != "VmRSS:") continue;
      std::int64_t kilobytes = 0;
      file >> kilobytes;
      sum += kilobytes;
      break;
    }
  }
  return sum;
}

}  // namespace tollgate::bench
