"""Names: what host names mean to a gateway, as a test says and changes it. Done by a library (names.c) that is
preloaded into the gateway."""

import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("names.c")


class Names:
    """Of gateways that are started with `environment`."""

    def __init__(self, folder: Path):
        self.shared_object = folder / "names.so"
        self.path = folder / "names"
        self._meanings: dict[str, str] = {}
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.shared_object, SOURCE, "-ldl"], check=True)
        self.path.write_text("")

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.shared_object), "PRELOADED_NAMES": str(self.path)}

    def means(self, name: str, *addresses: str) -> None:
        """From the next look-up on; without addresses the name has none."""
        self._meanings[name] = " ".join(addresses)
        fresh = self.path.with_suffix(".new")
        fresh.write_text("".join(f"{name} {meaning}\n" for name, meaning in self._meanings.items()))
        os.replace(fresh, self.path)
