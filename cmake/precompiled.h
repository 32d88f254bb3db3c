// What most files read and what costs most to parse: Asio, Boost.JSON, fmt and the
// standard library. Third-party headers only, so a room still has to include what it uses and
// tools/tidy.py still sees every include between rooms. Built once per preset.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
