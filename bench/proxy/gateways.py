"""The processes of `script/bench proxy`: the mock upstream, nginx and Tollgate.

Each is started here, listens on loopback, and is stopped by its own handle; nothing else is killed.
"""

import http.client
import json
import os
import queue
import socket
import sqlite3
import subprocess
import threading
from pathlib import Path

START_SECONDS = 20
STOP_SECONDS = 30
KEY_COUNT = 1000

NGINX_CONF = """\
daemon off;
{user}
worker_processes {threads};
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 32m;
  client_body_buffer_size 256k;
  keepalive_requests 1000000000;
  keepalive_timeout 75s;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_read_timeout 300s;
  upstream plain {{
    server 127.0.0.1:{mock_plain};
    keepalive 4096;
    keepalive_requests 1000000000;
  }}
  upstream tls {{
    server 127.0.0.1:{mock_tls};
    keepalive 4096;
    keepalive_requests 1000000000;
  }}
  proxy_ssl_verify on;
  proxy_ssl_trusted_certificate {ca};
  proxy_ssl_name 127.0.0.1;
{servers}}}
"""

NGINX_SERVER = """\
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass {scheme}://{upstream}; proxy_buffering {buffering}; }}
  }}
"""

TOLLGATE_PROVIDER = """\
  - id: {upstream}
    dialect: openai
    base_url: {scheme}://127.0.0.1:{port}/v1
    api_key: bench
{ca}    models:
      - id: bench/{upstream}
        upstream_model: large
        context_window: 128000
        max_output_tokens: 4096
        prices: {{input: "2.50", output: "10.00"}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen) -> None:
    pause = threading.Event()
    for _ in range(START_SECONDS * 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        pause.wait(0.02)
    raise RuntimeError(f"{process.args[0]} does not listen on {port}")


def wait_for_line(process: subprocess.Popen, start: str) -> str:
    """The first line of its standard output that begins with `start`; what follows is dropped."""
    lines: queue.Queue = queue.Queue()

    def read() -> None:
        for line in process.stdout:
            if line.startswith(start):
                lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    line = lines.get(timeout=START_SECONDS)
    if not line:
        raise RuntimeError(f"{process.args[0]} ended before it listened")
    return line.strip()


def stop(process: subprocess.Popen | None) -> None:
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, its own authority, and its key."""
    certificate, key = folder / "upstream.pem", folder / "upstream.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return certificate, key


class Mock:
    """The upstream. Its ports stay the same when it starts again."""

    def __init__(self, program: Path, folder: Path, events: int, pace_ms: int):
        self.certificate, key = make_certificate(folder)
        self.ports = {"plain": 0, "tls": 0}
        self.command = [program, "--certificate", self.certificate, "--private-key", key,
                        "--events", str(events), "--pace-ms", str(pace_ms)]
        self.process = None
        self.start()

    def start(self) -> None:
        ports = [text for name, port in self.ports.items() for text in (f"--{name}-port", str(port))]
        self.process = subprocess.Popen(self.command + ports, stdout=subprocess.PIPE, text=True)
        words = wait_for_line(self.process, "plain").split()
        self.ports = {"plain": int(words[1]), "tls": int(words[3])}

    def stop(self) -> None:
        stop(self.process)

    def port(self, upstream: str, _way: str) -> int:
        return self.ports[upstream]

    def pids(self) -> list[int]:
        return [self.process.pid]


class Nginx:
    """A plain keep-alive proxy: as it is set up by somebody who wants it fast."""

    name = "nginx"

    def __init__(self, folder: Path, mock: Mock, threads: int):
        self.folder = folder
        self.process = None
        self.ports = {(upstream, way): free_port()
                      for upstream in ("plain", "tls") for way in ("json", "stream")}
        servers = "".join(
            NGINX_SERVER.format(port=port, upstream=upstream,
                                scheme="https" if upstream == "tls" else "http",
                                buffering="off" if way == "stream" else "on")
            for (upstream, way), port in self.ports.items())
        folder.mkdir(parents=True)
        (folder / "nginx.conf").write_text(NGINX_CONF.format(
            folder=folder, threads=threads, servers=servers, ca=mock.certificate,
            user="user root;" if os.geteuid() == 0 else "",
            mock_plain=mock.ports["plain"], mock_tls=mock.ports["tls"]))
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["nginx", "-p", self.folder, "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf"],
            stdin=subprocess.DEVNULL)
        wait_for_port(self.ports["plain", "json"], self.process)

    def stop(self) -> None:
        stop(self.process)

    def port(self, upstream: str, way: str) -> int:
        return self.ports[upstream, way]

    def pids(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def keys(self, folder: Path, _count: int) -> Path:
        path = folder / "nginx.keys"
        path.write_text("x" * 48)  # as long as a token: nginx only carries it
        return path


class LocalAdmin(http.client.HTTPConnection):
    """The admin API over the data directory's socket."""

    def __init__(self, data: Path):
        super().__init__("localhost")
        self.path = str(data / "admin.sock")

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Tollgate:
    """The release binary with everything on, over a data directory that outlives a restart."""

    def __init__(self, binary: Path, folder: Path, mock: Mock, threads: int, durability: str):
        self.name = durability
        self.binary = binary
        self.folder = folder
        self.data = folder / "data"
        self.process = None
        self.listener = 0
        folder.mkdir(parents=True)
        providers = "".join(
            TOLLGATE_PROVIDER.format(upstream=upstream, port=port,
                                     scheme="https" if upstream == "tls" else "http",
                                     ca=f"    ca_file: {mock.certificate}\n" if upstream == "tls" else "")
            for upstream, port in mock.ports.items())
        (folder / "tollgate.yaml").write_text(
            f"listen: 127.0.0.1:0\ndata: {self.data}\ndurability: {durability}\nthreads: {threads}\n"
            f"providers:\n{providers}")
        self.start()
        self.secrets = self.create_keys()

    def start(self) -> None:
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--config", self.folder / "tollgate.yaml"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        line = wait_for_line(self.process, "listening ")
        self.listener = int(line.rsplit(":", 1)[1])

    def stop(self) -> None:
        stop(self.process)

    def port(self, _upstream: str, _way: str) -> int:
        return self.listener

    def pids(self) -> list[int]:
        return [self.process.pid]

    def command(self, *arguments: str) -> dict:
        done = subprocess.run([self.binary, *arguments, "--data", self.data, "--json"],
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"tollgate {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def create_keys(self) -> list[str]:
        """The first by the command line as a person would, the rest over the same socket."""
        secrets = [self.command("keys", "create", "--name", "bench 0")["secret"]]
        admin = LocalAdmin(self.data)
        for number in range(1, KEY_COUNT):
            admin.request("POST", "/admin/v1/keys", json.dumps({"name": f"bench {number}"}),
                          {"Content-Type": "application/json"})
            answer = admin.getresponse()
            document = json.loads(answer.read())
            if answer.status != 201:
                raise RuntimeError(f"POST /admin/v1/keys: {document}")
            secrets.append(document["secret"])
        admin.close()
        return secrets

    def keys(self, folder: Path, count: int) -> Path:
        path = folder / f"{self.name}-{count}.keys"
        path.write_text("\n".join(self.secrets[:count]))
        return path

    def reported_rows(self) -> int:
        """What `tollgate usage` says, from the aggregates."""
        return sum(day["requests"] for day in self.command("usage", "--by", "day")["data"])

    def stored_rows(self) -> int:
        """The rows themselves, read past Tollgate."""
        rows = 0
        for path in sorted(self.data.glob("*.db")):
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                rows += database.execute("SELECT count(*) FROM usage").fetchone()[0]
        return rows
