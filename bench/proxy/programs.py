"""The programs that the benches run beside Tollgate (bench/CMakeLists.txt)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def build_programs() -> Path:
    """The folder that they stand in."""
    build = ROOT / "build/release"
    if not (build / "build.ninja").is_file():
        subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=sys.stderr)
    subprocess.run(["cmake", "--build", build, "--target", "bench"], check=True, stdout=sys.stderr)
    return build / "bench"
