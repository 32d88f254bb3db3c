#!/usr/bin/env python3
"""Shows that tools/tidy.py sees what it forbids and leaves alone what it allows."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import cpp_text  # noqa: E402
import tidy  # noqa: E402

ROOMS = "tollgate_room(base)\ntollgate_room(domain base)\ntollgate_room(runtime base)\n" \
        "tollgate_room(net base runtime)\ntollgate_room(server\n  base domain runtime net)\n"
HEADER = "// A thing.\n#pragma once\n"


def problems(files: dict[str, str]) -> list[tuple[str, str]]:
    """(file, rule) of every problem in a project that consists of `files`."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "CMakeLists.txt").write_text(ROOMS)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return [(p.path, p.rule) for p in tidy.check_tree(root)]


class RoomRules(unittest.TestCase):
    def test_refuses_an_include_that_the_room_table_does_not_allow(self):
        files = {"src/net/a.h": HEADER, "src/domain/b.cc": '#include "net/a.h"\n'}
        self.assertEqual(problems(files), [("src/domain/b.cc", "include")])

    def test_allows_an_include_from_the_rooms_row_and_a_continued_row(self):
        files = {"src/net/a.h": HEADER, "src/net/b.cc": '#include "net/a.h"\n',
                 "src/server/c.cc": '#include "net/a.h"\n'}
        self.assertEqual(problems(files), [])

    def test_lets_a_test_include_any_room(self):
        files = {"src/net/a.h": HEADER, "src/base/b_test.cc": '#include "net/a.h"\n'}
        self.assertEqual(problems(files), [])

    def test_refuses_an_include_of_a_file_that_is_not_there_or_lacks_its_room(self):
        files = {"src/base/a.h": HEADER, "src/base/b.cc": '#include "a.h"\n#include "base/x.h"\n'}
        self.assertEqual(problems(files), [("src/base/b.cc", "include")] * 2)

    def test_refuses_a_folder_without_a_row(self):
        self.assertEqual(problems({"src/misc/a.h": HEADER}), [("src/misc", "rooms")])

    def test_refuses_a_library_outside_its_room(self):
        self.assertEqual(problems({"src/net/a.cc": "#include <sqlite3.h>\n"}), [("src/net/a.cc", "library")])

    def test_refuses_coroutines_in_a_room_that_does_not_see_runtime(self):
        files = {"src/domain/a.cc": "int f() { co_return 1; }\n", "src/net/b.cc": "int f() { co_return 1; }\n"}
        self.assertEqual(problems(files), [("src/domain/a.cc", "pure room")])

    def test_refuses_an_architecture_page_that_tells_of_other_rooms(self):
        row = "| `{}/` | its job | {} |\n".format
        page = row("base", "–") + row("domain", "base") + row("runtime", "base") + row("server", "all")
        self.assertEqual(problems({"ARCHITECTURE.md": page + row("net", "base runtime")}), [])
        self.assertEqual(problems({"ARCHITECTURE.md": page + row("net", "base")}), [("ARCHITECTURE.md", "rooms")])
        self.assertEqual(problems({"ARCHITECTURE.md": page}), [("ARCHITECTURE.md", "rooms")])

    def test_the_projects_own_table_is_read(self):
        rooms = tidy.read_rooms(Path(__file__).resolve().parent.parent)
        self.assertEqual(rooms["base"], set())
        self.assertNotIn("admin", rooms["gateway"])
        self.assertIn("admin", rooms["server"])


class Shapes(unittest.TestCase):
    def test_refuses_a_header_without_pragma_once_or_opening_comment(self):
        self.assertEqual(problems({"src/base/a.h": "// A thing.\n"}), [("src/base/a.h", "pragma once")])
        self.assertEqual(problems({"src/base/a.h": "#pragma once\n"}), [("src/base/a.h", "header comment")])

    def test_refuses_a_body_whose_first_include_is_not_its_header(self):
        bad = {"src/base/a.h": HEADER, "src/base/a.cc": '#include <string>\n#include "base/a.h"\n'}
        good = {"src/base/a.h": HEADER, "src/base/a.cc": '// Why.\n#include "base/a.h"\n#include <string>\n'}
        self.assertEqual(problems(bad), [("src/base/a.cc", "own header")])
        self.assertEqual(problems(good), [])

    def test_refuses_the_first_line_too_many_and_gives_tests_more_room(self):
        line = "int x;\n"
        self.assertEqual(problems({"src/base/a.cc": line * 600, "src/base/a_test.cc": line * 800}), [])
        self.assertEqual(problems({"src/base/a.cc": line * 601}), [("src/base/a.cc", "file size")])
        self.assertEqual(problems({"src/base/a_test.cc": line * 801}), [("src/base/a_test.cc", "file size")])

    def test_refuses_a_function_of_71_lines_and_allows_70(self):
        def function(lines):
            return "namespace t {\nint f(int a) {\n" + "  a++;\n" * (lines - 2) + "}\n}  // namespace t\n"
        self.assertEqual(problems({"src/base/a.cc": function(70)}), [])
        self.assertEqual(problems({"src/base/a.cc": function(71)}), [("src/base/a.cc", "function size")])

    def test_refuses_a_long_python_function(self):
        body = "def f():\n" + "    pass\n" * 70
        self.assertEqual(problems({"tools/a.py": body}), [("tools/a.py", "function size")])


class Banned(unittest.TestCase):
    def rules(self, code, path="src/net/a.cc"):
        return [rule for _, rule in problems({path: code})]

    def test_refuses_each_banned_thing(self):
        cases = {
            "#include <iostream>\n": "iostream", "#include <regex>\n": "regex", "#include <format>\n": "format header",
            "void f() { std::cout << 1; }\n": "print", "void f() { printf(x); }\n": "print",
            "using namespace std;\n": "using namespace", "auto p = new Thing();\n": "new",
            "void f(T* p) { delete p; }\n": "delete", "void f(T* p) { delete[] p; }\n": "delete",
            "void f() { thread.detach(); }\n": "detach", "int f() { return rand(); }\n": "random",
            "void f() { throw 1; }\n": "throw", "void f() { assert(x); }\n": "assert",
            "class KeyManager {};\n": "vague name", "struct BaseThing : X {};\n": "vague name",
            "// TO" "DO: later\n": "unfinished", "void f() { co_spawn(a, b); }\n": "co_spawn",
        }
        for code, rule in cases.items():
            with self.subTest(code=code):
                self.assertEqual(self.rules(code), [rule])

    def test_allows_what_only_looks_banned(self):
        for code in ["T(const T&) = delete;\n", "// a new printf( and throw\n", 'auto s = "throw new delete";\n',
                     "using namespace std::chrono_literals;\n", "class Database {};\n", "int renewed;\n",
                     "auto p = std::unique_ptr<Thing>(new Thing(1));\n", "static_assert(sizeof(int) == 4);\n",
                     'auto s = R"(throw "new")";\n', "auto n = 1'000'000; auto c = '\"';\n"]:
            with self.subTest(code=code):
                self.assertEqual(self.rules(code), [])

    def test_refuses_sleeping_in_a_test(self):
        code = "void f() { std::this_thread::sleep_for(x); }\n"
        self.assertEqual(self.rules(code, "src/net/a_test.cc"), ["sleep"])

    def test_refuses_floating_point_in_domain_only(self):
        code = "double x = 0;\n"
        self.assertEqual(self.rules(code, "src/domain/a.cc"), ["floating point"])
        self.assertEqual(self.rules(code, "src/net/a.cc"), [])
        self.assertEqual(self.rules("// a double\n", "src/domain/a.cc"), [])

    def test_refuses_bool_parameters_in_headers_only(self):
        self.assertEqual(self.rules(HEADER + "void f(int a, bool b);\n", "src/base/a.h"), ["bool parameter"])
        self.assertEqual(self.rules(HEADER + "void f(bool b = true);\n", "src/base/a.h"), ["bool parameter"])
        self.assertEqual(self.rules(HEADER + "bool f(int a);\nstruct S {\n  bool b = false;\n};\n", "src/base/a.h"), [])

    def test_terminal_output_is_the_command_lines_right(self):
        self.assertEqual(self.rules("void f() { std::puts(x); }\n", "src/server/a.cc"), [])


class Text(unittest.TestCase):
    def test_refuses_paths_that_do_not_exist_in_prose_and_comments(self):
        self.assertEqual(problems({"README.md": "See `script/nothing`.\n"}), [("README.md", "path")])
        self.assertEqual(problems({"README.md": "See [it](NO.md).\n"}), [("README.md", "path")])
        self.assertEqual(problems({"src/base/a.cc": "// as docs/adr/0009-x.md says\n"}), [("src/base/a.cc", "path")])
        self.assertEqual(problems({"README.md": "`tools/a.py`, `bench/NAME`, `src/*/x.cc`\n", "tools/a.py": ""}), [])

    def test_refuses_a_literal_token_and_a_machines_path(self):
        token = "sk-tg-" + "a1" * 21
        self.assertEqual(problems({"tests/a.py": f"x = '{token}'\n"}), [("tests/a.py", "token")])
        self.assertEqual(problems({"README.md": "cd /ho" "me/me\n"}), [("README.md", "machine path")])

    def test_refuses_a_careless_script(self):
        self.assertEqual(problems({"script/a": "#!/bin/sh\n"}), [("script/a", "script")] * 2)


class Functions(unittest.TestCase):
    def names(self, code):
        return [(f.first_line, f.last_line) for f in cpp_text.functions(code)]

    def test_finds_members_templates_and_constructors_with_brace_initialisers(self):
        code = ("namespace t {\nclass A : public B {\n public:\n  A(int x)\n      : a_{x}, b_{1} {\n    go();\n  }\n"
                "  int f() const { return 1; }\n};\ntemplate <class T>\nT g(T t) {\n  if (t) {\n  }\n  return t;\n}\n}\n")
        self.assertEqual(self.names(code), [(4, 7), (8, 8), (10, 15)])

    def test_takes_tables_and_lambdas_for_no_functions_of_their_own(self):
        code = "constexpr Row kRows[] = {\n  {1, f(2)},\n};\nvoid g() {\n  auto l = [](int x) {\n    return x;\n  };\n}\n"
        self.assertEqual(self.names(code), [(4, 8)])

    def test_is_not_confused_by_braces_in_literals_comments_and_macros(self):
        code = "#define X(a) {\nvoid f() {\n  // }\n  g('}', \"}\", R\"(}})\");\n}\nvoid h() {\n}\n"
        self.assertEqual(self.names(code), [(2, 5), (6, 7)])


if __name__ == "__main__":
    unittest.main()
