// What a set of processes has cost so far: CPU time of all their threads, and resident memory.
// Read from /proc by the load generator, at the instants between which it counts answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tollgate::bench {

// Nanoseconds on a CPU of every living thread. A gateway's threads live as long as it does.
std::int64_t cpu_ns(const std::vector<std::string>& pids);

// Kilobytes of resident memory.
std::int64_t resident_kb(const std::vector<std::string>& pids);

}  // namespace tollgate::bench
