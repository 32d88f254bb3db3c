"""Certificates for loopback, made by the openssl command in a folder of the test's own."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Certificate:
    chain: Path
    private_key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.private_key)
        return context


def openssl(*arguments) -> None:
    result = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


class Authority:
    """A certificate authority of one test."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = folder / "ca.pem"
        self.private_key = folder / "ca.key"
        self._issued = 0
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=Test authority", "-keyout", self.private_key, "-out", self.certificate,
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def issue(self, host: str = "localhost", expired: bool = False) -> Certificate:
        """For `host`, and for 127.0.0.1 if that is localhost."""
        self._issued += 1
        stem = self.folder / f"leaf{self._issued}"
        names = f"DNS:{host}" + (",IP:127.0.0.1" if host == "localhost" else "")
        extensions = stem.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        key, request, leaf = (stem.with_suffix(end) for end in (".key", ".csr", ".pem"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}",
                "-keyout", key, "-out", request)
        # Yesterday to yesterday, or from today on.
        days = ["-days", "-1"] if expired else ["-days", "2"]
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.private_key,
                "-set_serial", str(1000 + self._issued), "-extfile", extensions, "-out", leaf, *days)
        return Certificate(leaf, key)


def self_signed(folder: Path) -> Certificate:
    folder.mkdir(parents=True, exist_ok=True)
    key, leaf = folder / "self.key", folder / "self.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", key, "-out", leaf)
    return Certificate(leaf, key)
