"""Faults: makes a gateway's writes to its data directory fail while a test says so, or kills it at its Nth
sync, counted over all threads. Done by a library (faults.c) that is preloaded into the gateway."""

import errno
import mmap
import os
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
FIELDS = ("syncs", "kill_before", "kill_after", "write_errno", "sync_errno", "tear", "failed")
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO}


class Faults:
    """Of gateways that are started with `environment`."""

    def __init__(self, folder: Path):
        self.shared_object = folder / "faults.so"
        self.page_path = folder / "faults.page"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.shared_object, SOURCE, "-ldl"], check=True)
        self.page_path.write_bytes(bytes(mmap.PAGESIZE))
        self._file = os.open(self.page_path, os.O_RDWR)
        self._page = mmap.mmap(self._file, mmap.PAGESIZE)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.shared_object), "PRELOADED_FAULTS": str(self.page_path)}

    def get(self, name: str) -> int:
        return struct.unpack_from("i", self._page, 4 * FIELDS.index(name))[0]

    def set(self, name: str, value: int) -> None:
        struct.pack_into("i", self._page, 4 * FIELDS.index(name), value)

    def kill_at(self, number: int, when: str) -> None:
        """At the Nth sync from now on, "before" it is done or "after"."""
        self.set("syncs", 0)
        self.set("kill_before", number if when == "before" else 0)
        self.set("kill_after", number if when == "after" else 0)

    @contextmanager
    def failing(self, what: str, error: str):
        """In here every "write" or "sync" fails; with "torn write" the first of them is done by half."""
        self.set("failed", 0)
        self.set("tear", 1 if what == "torn write" else 0)
        field = f"{what.removeprefix('torn ')}_errno"
        self.set(field, ERRORS[error])
        try:
            yield
        finally:
            self.set(field, 0)
