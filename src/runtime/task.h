// Task<T>: a coroutine on an I/O thread. Asio's awaitable with the concrete executor, named once.
// CONTRIBUTING.md's rules for coroutines hold for every Task.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tollgate {

namespace asio = boost::asio;

using IoContext = asio::io_context;
using IoExecutor = asio::io_context::executor_type;

template <class T = void>
using Task = asio::awaitable<T, IoExecutor>;

inline constexpr asio::use_awaitable_t<IoExecutor> use_task{};

}  // namespace tollgate
