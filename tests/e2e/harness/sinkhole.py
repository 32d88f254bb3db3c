"""Sinkhole: listens on every address of this machine, on one port, and counts who comes. Nobody should."""

import select
import socket


class Sinkhole:
    def __enter__(self) -> "Sinkhole":
        self._listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)
        self.port = self._listener.getsockname()[1]
        self._count = 0
        return self

    def __exit__(self, *_) -> None:
        self._listener.close()

    @property
    def connections(self) -> int:
        while select.select([self._listener], [], [], 0)[0]:
            self._listener.accept()[0].close()
            self._count += 1
        return self._count
