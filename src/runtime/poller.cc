#include "runtime/poller.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "base/check.h"

namespace tollgate {

namespace {

constexpr std::uint32_t kAllChanges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

int new_epoll() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  check(epoll >= 0, "the kernel gives an epoll instance");
  return epoll;
}

Readiness readiness_of(std::uint32_t events) {
  const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool ended = failed || (events & EPOLLRDHUP) != 0;
  return {.readable = ended || (events & EPOLLIN) != 0,
          .writable = failed || (events & EPOLLOUT) != 0,
          .ended = ended};
}

}  // namespace

Poller::Poller(IoContext& context) : context_(context), epoll_(context, new_epoll()) {}

Poller::Watch::~Watch() {
  if (!started_) return;
  for (std::size_t i = poller_.next_; i < poller_.end_; ++i) {
    if (poller_.events_[i].data.ptr == this) poller_.events_[i].data.ptr = nullptr;
  }
  if (--poller_.watches_ == 0 && poller_.armed_) {
    boost::system::error_code ignored;
    poller_.epoll_.cancel(ignored);
    poller_.armed_ = false;
  }
}

bool Poller::Watch::start(int socket) {
  epoll_event event{.events = kAllChanges, .data = {.ptr = this}};
  if (::epoll_ctl(poller_.epoll_.native_handle(), EPOLL_CTL_ADD, socket, &event) != 0) return false;
  started_ = true;
  ++poller_.watches_;
  poller_.arm();
  return true;
}

void Poller::Watch::look_again(int socket) {
  epoll_event event{.events = kAllChanges, .data = {.ptr = this}};
  ::epoll_ctl(poller_.epoll_.native_handle(), EPOLL_CTL_MOD, socket, &event);
}

void Poller::arm() {
  if (armed_ || watches_ == 0) return;
  armed_ = true;
  epoll_.async_wait(asio::posix::descriptor_base::wait_read,
                    [this](boost::system::error_code error) {
                      if (error) return;
                      armed_ = false;
                      take_ready();
                    });
}

void Poller::take_ready() {
  if (next_ < end_) return;  // the rest of the last look is on its way: it looks again
  const int count =
      ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  next_ = 0;
  end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  tell_ready();
}

void Poller::tell_ready() {
  // What is told once is never told again: a bug in one owner must not cost the others theirs.
  struct Rest {
    Poller& poller;
    ~Rest() {
      if (poller.next_ < poller.end_) {
        asio::post(poller.context_, [&poller = poller] { poller.tell_ready(); });
      } else {
        poller.arm();
      }
    }
  } const rest{*this};
  while (next_ < end_) {
    const epoll_event& event = events_[next_++];
    if (event.data.ptr != nullptr) {
      static_cast<Watch*>(event.data.ptr)->ready_(readiness_of(event.events));
    }
  }
}

}  // namespace tollgate
