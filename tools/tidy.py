#!/usr/bin/env python3
"""The house rules that a compiler does not check (ARCHITECTURE.md "Rooms", CONTRIBUTING.md "Style").

Run by `ctest -R tidy`. Prints `FILE:LINE: what is wrong (why it is a rule)` for each problem and
exits 1 if there is one. A rule that has to give way somewhere says so in EXEMPT, with the reason.

usage: tools/tidy.py [--expose] [ROOT]
  --expose  list the places where a Secret is opened instead, for review
"""

import ast
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import cpp_text  # noqa: E402

FILE_LINES_MAX = 600
TEST_LINES_MAX = 800
FUNCTION_LINES_MAX = 70

SKIPPED_FOLDERS = {".git", ".tools", ".venv", "build", "data", "node_modules", "__pycache__",
                   ".pytest_cache", ".cache"}
CPP = {".h", ".cc"}
TEXT = CPP | {".md", ".py", ".yaml", ".yml", ".cmake", ".txt", ".json", ".sql", ".sh", ".conf", ""}

# Third-party headers and the rooms that may read them: where a library's ideas (and its exceptions)
# stop. Tests may read any.
LIBRARIES = [
    (r"<sqlite3\.h>", {"sql"}, "one database seam: use sql/"),
    (r"<llhttp", {"net"}, "one HTTP codec: use net/"),
    (r"<openssl/(?!crypto\.h)", {"base", "net"}, "digests stand in base/hash.h, TLS in net/"),
    (r"<sodium", {"base"}, "randomness and wiping stand in base/"),
    (r"<yaml-cpp/", {"config"}, "configuration is read in one room"),
    (r"<CLI/", {"cli", "server"}, "the command line is read in cli/ and server/"),
    (r"<spdlog/", {"base"}, "one log: base/log.h"),
    (r"<simdjson\.h>", {"dialects"}, "the hot path's JSON reader; elsewhere base/json.h"),
]

# (name, pattern, rooms where it is allowed, whether tests are held to it, why)
BANNED = [
    ("iostream", r"#\s*include\s*<iostream>", set(), True,
     "static constructors and locale state in every file; use base/log.h or fmt"),
    ("regex", r"#\s*include\s*<regex>", set(), True,
     "slow, and recursion on input overflows the stack"),
    ("format header", r"#\s*include\s*<(?:format|print)>", set(), True,
     "libstdc++ 12 has neither; use fmt"),
    ("print", r"std::(?:cout|cerr|clog)\b|\b(?:f?printf|puts|fputs)\s*\(|\bfmt::print\b",
     {"cli", "server"}, False, "only cli/ and server/ speak to the terminal; log through base/log.h"),
    ("using namespace", r"\busing\s+namespace\s+(?!std::(?:\w+::)*\w*literals\b)", set(), True,
     "a reader cannot tell where a name comes from"),
    # make_unique cannot reach a private constructor: there the new stands inside its owner.
    ("new", r"(?<!operator )(?<!<)\bnew\b", set(), True,
     "resources have one owner from the start; use std::make_unique"),
    ("delete", r"(?<!operator )(?<!= )\bdelete\b", set(), True,
     "resources have one owner that frees them"),
    ("malloc", r"\b(?:malloc|calloc|realloc|free)\s*\(", set(), False,
     "resources have one owner that frees them"),
    ("detach", r"\.detach\s*\(\s*\)", set(), True,
     "a thread that nobody joins outlives what it uses"),
    ("co_spawn", r"\bco_spawn\s*\(|\basio::detached\b", {"runtime"}, False,
     "spawn through the task group, which shutdown waits for"),
    ("random", r"(?<![\w:])s?rand\s*\(|\bstd::(?:mt19937|random_device|default_random_engine)",
     set(), True, "randomness is passed in; use base/random.h"),
    ("sleep", r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\s*\(|(?<![\w:.>])sleep\s*\(", set(),
     True, "a sleeping thread serves nobody and a sleeping test is slow or flaky; the clock is ours"),
    ("assert", r"(?<!static_)\bassert\s*\(", set(), True, "gone in a release build; use base/check.h"),
    ("throw", r"\bthrow\b", {"base"}, False,
     "what the world can do wrong is a Result; only check() throws"),
    ("system", r"\b(?:system|popen)\s*\(", set(), False, "no shell is ever run"),
]
OWNED_NEW = re.compile(r"(?:unique|shared)_ptr<[\w:\s]+>\s*\w*\(\s*$")
FLOAT_FREE_ROOMS = {"domain", "ledger"}
VAGUE_NAME = re.compile(r"(?:Manager|Helpers?|Utils?|Impl|Base)$|^Base[A-Z]")
VAGUE_FILE = re.compile(r"(?:^|_)(?:manager|helpers?|utils?|impl|misc|common)(?:_|$)")

# (rule, file) -> why the rule gives way there.
EXEMPT = {
    ("bool parameter", "src/base/check.h"): "check() is about a condition",
    ("sleep", "src/server/workers.cc"): "the main thread, which has nothing else to do while streams end",
    ("malloc", "src/net/buffer.h"): "the one owner of memory that grows without being zeroed first",
    ("throw", "src/net/buffer.h"): "out of memory, as every container says it",
}

PROJECT_PATH = re.compile(
    r"(?<![\w./-])((?:src|docs|script|tools|tests|cmake|fuzz|bench|api)/[\w./*{}<>,…-]*\w)")
MARKDOWN_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
TOKEN_LITERAL = re.compile(r"\bsk-[A-Za-z0-9_-]*[A-Za-z0-9]{24,}")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
MACHINE_PATH = re.compile(r"(?<![\w.$}/])/(?:home|work|root|Users)/\w")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


@dataclass(frozen=True)
class Problem:
    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what} [{self.rule}]"


@dataclass
class Source:
    """One file of the project and what the rules need to know of it."""

    path: str  # relative to the root, with /
    text: str
    code: str = field(init=False)

    def __post_init__(self) -> None:
        self.code = cpp_text.code_only(self.text) if self.is_cpp else self.text

    @property
    def suffix(self) -> str:
        return os.path.splitext(self.path)[1]

    @property
    def is_cpp(self) -> bool:
        return self.suffix in CPP

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/") or bool(re.search(r"_(?:test|bench|fuzz|fixture)\.\w+$", self.path)) \
            or bool(re.search(r"_test_\w+\.h$|(?:^|/)(?:test|testing)_\w+\.h$", self.path))

    @property
    def room(self) -> str | None:
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1


def read_rooms(root: Path) -> dict[str, set[str]]:
    """CMakeLists.txt's tollgate_room lines: room -> the rooms it may see."""
    text = (root / "CMakeLists.txt").read_text()
    rooms = {}
    for match in re.finditer(r"^tollgate_room\(([^)]*)\)", text, re.M):
        name, *sees = match.group(1).split()
        rooms[name] = set(sees)
    return rooms


def read_sources(root: Path) -> list[Source]:
    sources = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix not in TEXT or path.is_symlink() or name == "LICENSE":
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            sources.append(Source(path.relative_to(root).as_posix(), text))
    return sources


def check_rooms(root: Path, rooms: dict[str, set[str]]):
    for name, sees in rooms.items():
        for seen in sees - rooms.keys():
            yield Problem("CMakeLists.txt", 1, "rooms", f"{name} sees {seen}, which is no room")
    for folder in sorted((root / "src").glob("*/")):
        if folder.name not in rooms:
            yield Problem(f"src/{folder.name}", 1, "rooms", "a folder without a tollgate_room line")


def check_said_twice(root: Path, rooms: dict[str, set[str]]):
    """What people read in one place and programs in another: the room table, the version."""
    architecture = root / "ARCHITECTURE.md"
    if architecture.is_file():
        rows = re.findall(r"^\| `(\w+)/` \|.*\| ([^|]*) \|$", architecture.read_text(), re.M)
        said = {room: set() if sees == "–" else rooms.keys() - {room} if sees == "all" else set(sees.split())
                for room, sees in rows}
        for room in sorted(rooms.keys() | said.keys()):
            if rooms.get(room) != said.get(room):
                yield Problem("ARCHITECTURE.md", 1, "rooms", f"{room}: not as CMakeLists.txt has it")
    version = root / "src/cli/version.h"
    built = re.search(r"^project\(\w+ VERSION ([\d.]+)", (root / "CMakeLists.txt").read_text(), re.M)
    if version.is_file() and built and f'"{built.group(1)}"' not in version.read_text():
        yield Problem("src/cli/version.h", 1, "version", f"CMakeLists.txt says {built.group(1)}")


def check_includes(source: Source, root: Path, rooms: dict[str, set[str]]):
    if not source.is_cpp or source.room is None:
        return
    allowed = rooms.get(source.room, set()) | {source.room}
    for match in re.finditer(r'^\s*#\s*include\s*([<"][^>"\n]+[>"])', source.text, re.M):
        line, name = source.line_of(match.start(1)), match.group(1)
        if name.startswith('"'):
            target = name.strip('"')
            if not (root / "src" / target).is_file():
                yield Problem(source.path, line, "include", f'{name} is no file: write "room/file.h"')
            elif not source.is_test and target.split("/")[0] not in allowed:
                yield Problem(source.path, line, "include",
                              f"{source.room}/ may not see {target.split('/')[0]}/ (CMakeLists.txt)")
        elif not source.is_test:
            for pattern, homes, why in LIBRARIES:
                if re.match(pattern, name) and source.room not in homes:
                    yield Problem(source.path, line, "library", f"{name} in {source.room}/: {why}")


def check_pure_rooms(source: Source, rooms: dict[str, set[str]]):
    """A room that does not see runtime/ is pure: no event loop, no coroutine, no socket."""
    if not source.is_cpp or source.is_test or source.room is None or source.room == "runtime":
        return
    if "runtime" in rooms.get(source.room, set()):
        return
    for match in re.finditer(r"<boost/asio[^>]*>|<sys/socket\.h>|\bco_(?:await|return|yield)\b", source.code):
        yield Problem(source.path, source.line_of(match.start()), "pure room",
                      f"{match.group()} in {source.room}/: rooms that do not see runtime/ do no I/O")


def check_header_shape(source: Source):
    if source.suffix == ".h":
        if not re.search(r"^#pragma once$", source.code, re.M):
            yield Problem(source.path, 1, "pragma once", "a header says #pragma once")
        if not source.text.startswith("//"):
            yield Problem(source.path, 1, "header comment",
                          "a header begins with what it is, why it exists and who calls it")


def check_own_header_first(source: Source, root: Path):
    if source.suffix != ".cc" or source.room is None or source.is_test:
        return
    own = source.path[len("src/"):-len(".cc")] + ".h"
    if not (root / "src" / own).is_file():
        return
    first = re.search(r'^\s*#\s*include\s*[<"]([^>"\n]+)', source.text, re.M)
    if first is None or first.group(1) != own:
        yield Problem(source.path, 1, "own header", f'the first include is "{own}": it must stand alone')


def check_sizes(source: Source):
    if source.suffix not in CPP | {".py", ".sh"} and not source.path.startswith("script/"):
        return
    limit = TEST_LINES_MAX if source.is_test else FILE_LINES_MAX
    lines = source.text.count("\n")
    if lines > limit:
        yield Problem(source.path, limit, "file size", f"{lines} lines; the limit is {limit}")
    if source.is_cpp:
        spans = [(f.first_line, f.length, f.signature[:60]) for f in cpp_text.functions(source.text)]
    elif source.suffix == ".py":
        spans = [(n.lineno, n.end_lineno - n.lineno + 1, n.name) for n in ast.walk(ast.parse(source.text))
                 if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    else:
        spans = []
    for line, length, name in spans:
        if length > FUNCTION_LINES_MAX:
            yield Problem(source.path, line, "function size",
                          f"{name}: {length} lines; the limit is {FUNCTION_LINES_MAX}")


def check_banned(source: Source):
    if not source.is_cpp:
        return
    for rule, pattern, homes, tests_too, why in BANNED:
        if source.room in homes or (source.is_test and not tests_too):
            continue
        for match in re.finditer(pattern, source.code):
            before = source.code[max(0, match.start() - 120) : match.start()]
            if rule == "new" and OWNED_NEW.search(before):
                continue
            yield Problem(source.path, source.line_of(match.start()), rule, f"{match.group().strip()}: {why}")
    if source.room in FLOAT_FREE_ROOMS and not source.is_test:
        for match in re.finditer(r"\b(?:float|double)\b", source.code):
            yield Problem(source.path, source.line_of(match.start()), "floating point",
                          f"{match.group()} in {source.room}/: money and limits are integers")


def check_names(source: Source):
    if not source.is_cpp:
        return
    declared = r"\b(?:class|struct|union|enum(?:\s+class)?)\s+(?:[A-Z_]+\([^)]*\)\s+)?(\w+)\s*(?:final\s*)?[:{]"
    for match in re.finditer(declared, source.code):
        if VAGUE_NAME.search(match.group(1)):
            yield Problem(source.path, source.line_of(match.start(1)), "vague name",
                          f"{match.group(1)}: say what it is (no Manager, Helper, Util, Impl, Base)")
    stem = source.path.rsplit("/", 1)[-1].split(".")[0]
    if VAGUE_FILE.search(stem):
        yield Problem(source.path, 1, "vague name", f"{stem}: a newcomer cannot guess what is in it")
    if source.suffix == ".h":
        for match in re.finditer(r"[(,]\s*(?:const\s+)?bool\s+\w+\s*(?=[,)=])", source.code):
            yield Problem(source.path, source.line_of(match.end()), "bool parameter",
                          "a call's true or false says nothing: use an enum or two functions")


def check_text(source: Source, root: Path):
    """What no file may hold, and paths that must exist."""
    for rule, pattern, what in [
        ("unfinished", UNFINISHED, "finish it or leave it out"),
        ("token", TOKEN_LITERAL, "looks like a live token; tests mint their own"),
        ("private key", PRIVATE_KEY, "tests make their own keys"),
        ("machine path", MACHINE_PATH, "a path of somebody's machine"),
    ]:
        for match in pattern.finditer(source.text):
            yield Problem(source.path, source.line_of(match.start()), rule, f"{match.group()}: {what}")
    prose = cpp_text.comments_only(source.text) if source.is_cpp else source.text
    if not source.is_cpp and source.suffix != ".md":
        return
    for match in PROJECT_PATH.finditer(prose):
        path = match.group(1)
        if re.search(r"[*{}<>,…]|[A-Z]{4,}(?:[/_.]|$)|\.\.\.", path) and not path.endswith(".md"):
            continue  # a pattern or a placeholder
        if not any((root / p).exists() for p in (path, f"{path}.h", f"{path}.cc")):
            yield Problem(source.path, source.line_of(match.start()), "path", f"{path} does not exist")
    if source.suffix == ".md":
        for match in MARKDOWN_LINK.finditer(source.text):
            target = match.group(1)
            if "://" not in target and not (root / source.path).parent.joinpath(target).exists():
                yield Problem(source.path, source.line_of(match.start()), "path", f"{target} does not exist")


def check_script(source: Source, root: Path):
    if not source.path.startswith("script/") and source.path != ".ci/run":
        return
    if not source.text.startswith("#!/usr/bin/env bash\n") or "\nset -euo pipefail\n" not in source.text:
        yield Problem(source.path, 1, "script", "begins with #!/usr/bin/env bash and set -euo pipefail")
    if not source.path.startswith("script/lib/") and not os.access(root / source.path, os.X_OK):
        yield Problem(source.path, 1, "script", "is not executable")


def check_tree(root: Path) -> list[Problem]:
    rooms = read_rooms(root)
    problems = list(check_rooms(root, rooms)) + list(check_said_twice(root, rooms))
    for source in read_sources(root):
        problems += check_includes(source, root, rooms)
        problems += check_pure_rooms(source, rooms)
        problems += check_header_shape(source)
        problems += check_own_header_first(source, root)
        problems += check_sizes(source)
        problems += check_banned(source)
        problems += check_names(source)
        problems += check_text(source, root)
        problems += check_script(source, root)
    return [p for p in problems if (p.rule, p.path) not in EXEMPT]


def list_exposures(root: Path) -> None:
    for source in read_sources(root):
        if source.is_cpp and not source.is_test:
            for match in re.finditer(r"\.expose\(\)", source.code):
                line = source.line_of(match.start())
                print(f"{source.path}:{line}: {source.text.splitlines()[line - 1].strip()}")


def main(arguments: list[str]) -> int:
    root = Path(__file__).resolve().parent.parent
    if "--help" in arguments or "-h" in arguments:
        print(__doc__.strip())
        return 0
    rest = [a for a in arguments if a != "--expose"]
    root = Path(rest[0]).resolve() if rest else root
    if "--expose" in arguments:
        list_exposures(root)
        return 0
    problems = check_tree(root)
    for problem in problems:
        print(problem)
    print(f"tidy: {len(problems)} problem(s)" if problems else "tidy: clean")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
