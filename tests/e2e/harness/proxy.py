"""ConnectProxy: the HTTP proxy of a company's network, which only tunnels (CONNECT)."""

import socket
import threading

from . import wire


class ConnectProxy:
    def __init__(self, status: int = 200):
        self.status = status
        self.heads: list[str] = []

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock) -> None:
        with wire.Wire(sock) as client:
            head = client.read_until(b"\r\n\r\n").decode()
            self.heads.append(head)
            if self.status != 200:
                client.send(f"HTTP/1.1 {self.status} No\r\nContent-Length: 0\r\n\r\n".encode())
                return
            host, port = head.split(" ")[1].rsplit(":", 1)
            target = socket.create_connection((host, int(port)))
            client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(target, sock), daemon=True)
            back.start()
            pump(sock, target)
            back.join()
            target.close()


def pump(source, sink) -> None:
    source.settimeout(None)
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # either end may leave
