"""Reading C++ as text, well enough for tools/tidy.py: blank out what is not code, find functions.

Not a parser. It relies on clang-format's layout in nothing but one thing: preprocessor lines stand
alone. Everything keeps its line and column, so that a problem can name where it is.
"""

import re
from dataclasses import dataclass

_RAW_STRING = re.compile(r'R"([^\s()\\]{0,16})\(')
_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
_ACCESS_LABEL = re.compile(r"\s*(?:(?:public|private|protected)\s*:(?!:)\s*)+")


@dataclass(frozen=True)
class Function:
    """A function body with its signature: lines count from 1, both ends included."""

    first_line: int
    last_line: int
    signature: str

    @property
    def length(self) -> int:
        return self.last_line - self.first_line + 1


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _end_of_quoted(text: str, start: int) -> int:
    """The index after the literal that opens at `start` with ' or "; it never crosses a line."""
    quote, at = text[start], start + 1
    while at < len(text) and text[at] not in (quote, "\n"):
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def code_only(text: str) -> str:
    """`text` with comments and the insides of literals replaced by spaces."""
    out, at = [], 0
    while at < len(text):
        two, one = text[at : at + 2], text[at]
        if two == "//":
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            out.append(_blank(text[at:end]))
        elif two == "/*":
            end = text.find("*/", at + 2)
            end = len(text) if end < 0 else end + 2
            out.append(_blank(text[at:end]))
        elif one == "R" and (raw := _RAW_STRING.match(text, at)) and not text[at - 1 : at].isalnum():
            closing = ")" + raw.group(1) + '"'
            end = text.find(closing, raw.end())
            end = len(text) if end < 0 else end + len(closing)
            out.append(_blank(text[at:end]))
        elif one == '"' or (one == "'" and not text[at - 1 : at].isalnum()):
            end = _end_of_quoted(text, at)
            out.append(one + _blank(text[at + 1 : end - 1]) + text[end - 1 : end])
        else:
            end = at + 1
            out.append(one)
        at = end
    return "".join(out)


def comments_only(text: str) -> str:
    """`text` with everything but its // comments replaced by spaces."""
    code = code_only(text)
    lines = []
    for raw, kept in zip(text.split("\n"), code.split("\n")):
        at = raw.find("//")
        while at >= 0 and kept[at : at + 2].strip():
            at = raw.find("//", at + 1)
        lines.append("" if at < 0 or raw[:at].count('"') % 2 else " " * at + raw[at:])
    return "\n".join(lines)


def without_preprocessor(code: str) -> str:
    """`code` with its # lines (and their continuations) blanked."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: _blank(m.group()), code, flags=re.M)


def _kind(head: str) -> str:
    """What the block is that opens after `head`: "scope" (looked into), "function" or "other"."""
    head = head.strip()
    if head.endswith("=") or head.endswith("return"):
        return "other"
    if ")" in head and not re.match(r"(?:class|struct|union|enum|namespace)\b", head):
        return "function"
    without_templates = re.sub(r"template\s*<[^{}]*?>\s*(?=class|struct|union)", "", head)
    return "scope" if _SCOPE.search(without_templates) else "other"


def functions(text: str) -> list[Function]:
    """Every function with a body that stands in a namespace or a class."""
    code = without_preprocessor(code_only(text))
    found: list[Function] = []
    open_blocks: list[tuple[str, int]] = []  # kind, where its head starts
    head_start = 0
    for at, char in enumerate(code):
        looking = all(kind == "scope" for kind, _ in open_blocks)
        if char == ";" and looking:
            head_start = at + 1
        elif char == "{":
            kind = _kind(code[head_start:at]) if looking else "other"
            open_blocks.append((kind, head_start))
            if kind == "scope":
                head_start = at + 1
        elif char == "}" and open_blocks:
            kind, start = open_blocks.pop()
            if not all(outer == "scope" for outer, _ in open_blocks):
                continue
            rest = code[at + 1 :].lstrip()
            if kind == "function" and rest[:1] in (",", "{"):
                continue  # `a_{1}` of a constructor's list: the body is still to come
            if kind == "function":
                found.append(_function(code, start, at))
            head_start = at + 1
    return found


def _function(code: str, start: int, end: int) -> Function:
    label = _ACCESS_LABEL.match(code, start, end)
    start = label.end() if label else start
    while code[start].isspace():
        start += 1
    signature = " ".join(code[start:end].split("{", 1)[0].split())
    return Function(code.count("\n", 0, start) + 1, code.count("\n", 0, end) + 1, signature)
