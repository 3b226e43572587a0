#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the checks catch what they are there for: every rule gets a tree that breaks it, and one that does not."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import check_layering  # noqa: E402
import check_symbols  # noqa: E402

HEADER = "// SPDX-License-Identifier: Apache-2.0\n"
CPP_CASES = [  # path, line, rule expected (None: fine)
    ("engine/src/a.cpp", '#include "tocsin/engine/base/check.hpp"', None),
    ("engine/src/a.cpp", '#include "tocsin/wire/frame.hpp"', "include"),
    ("engine/src/a.cpp", '#include "tocsin/schemas/rule_image_generated.h"', "include"),
    ("engine/src/rule/loader.cpp", '#include "tocsin/schemas/rule_image_generated.h"', None),
    ("engine/src/a.cpp", "#include <flatbuffers/flatbuffers.h>", "include"),
    ("engine/src/loader.cpp", "#include <flatbuffers/flatbuffers.h>", None),
    ("engine/src/a.cpp", "#include <span>", None),
    ("engine/src/a.cpp", "#include <vector>", "include"),
    ("engine/src/a.cpp", "#include <iostream>", "include"),
    ("engine/src/a.cpp", '#include "../wire/frame.hpp"', "include"),
    ("wire/src/a.cpp", '#include "tocsin/schemas/report_generated.h"', None),
    ("wire/src/a.cpp", '#include "tocsin/journal/journal.hpp"', "include"),
    ("wire/src/a.cpp", "#include <iostream>", "include"),
    ("journal/src/a.cpp", '#include "tocsin/schemas/report_generated.h"', "include"),
    ("journal/src/a.cpp", '#include "tocsin/text/json_lines.hpp"', "include"),
    ("journal/src/a.cpp", "#include <sqlite3.h>", None),
    ("daemon/src/a.cpp", "#include <sqlite3.h>", "include"),
    ("daemon/src/a.cpp", '#include "tocsin/compiler/compile.hpp"', "include"),
    ("daemon/src/a.cpp", '#include "tocsin/text/json_lines.hpp"', "include"),
    ("daemon/src/a.cpp", '#include "host-tools/lib/session.hpp"', "include"),
    ("firmware/app/a.cpp", '#include "tocsin/journal/journal.hpp"', "include"),
    ("firmware/app/a.cpp", '#include "tocsin/board/board.hpp"', None),
    ("firmware/board/x/a.cpp", '#include "tocsin/firmware/app/app.hpp"', "include"),
    ("host-tools/verbs/a.cpp", '#include "tocsin/text/json_lines.hpp"', None),
    ("host-tools/verbs/a.cpp", '#include "tocsin/daemon/daemon.hpp"', "include"),
    ("host-tools/verbs/a.cpp", '#include "tocsin/test_support/prng.hpp"', "include"),
    ("text/src/a.cpp", '#include "tests/support/prng.hpp"', "include"),
    ("tests/engine/a_test.cpp", '#include "tocsin/journal/journal.hpp"', None),
    ("engine/src/a.cpp", "auto* a = new int;", "heap"),
    ("engine/src/a.cpp", "void* a = malloc(3);", "heap"),
    ("wire/src/a.cpp", "auto a = std::make_unique<int>(3);", "heap"),
    ("engine/src/a.cpp", "int new_count = renew(3);", None),
    ("engine/src/a.cpp", "std::vector<int> a;", "container"),
    ("engine/src/a.cpp", "std::function<void()> a;", "container"),
    ("engine/src/a.cpp", "std::string a;", "container"),
    ("engine/src/a.cpp", "std::string_view a;", None),
    ("wire/src/frame.cpp", "std::vector<int> a;", "container"),
    ("wire/src/host/batch_codec.cpp", "std::vector<int> a;", None),
    ("wire/src/host/batch_codec.cpp", "#include <vector>", None),
    ("wire/src/host/batch_codec.cpp", "throw 3;", "exception"),
    ("wire/src/a.cpp", 'std::cout << "x";', "stream"),
    ("engine/src/a.cpp", 'std::printf("x");', "stream"),
    ("engine/src/a.cpp", "throw 3;", "exception"),
    ("engine/src/a.cpp", "// never throw here", None),
    ("engine/src/a.cpp", 'panic("do not throw or malloc(3)", 1);', None),
    ("engine/src/a.cpp", "auto* a = dynamic_cast<B*>(b);", "rtti"),
    ("engine/src/a.cpp", "auto now = std::chrono::system_clock::now();", "clock"),
    ("text/src/a.cpp", "auto now = std::chrono::steady_clock::now();", "clock"),
    ("journal/src/a.cpp", "auto now = time(nullptr);", "clock"),
    ("engine/src/a.cpp", "auto t = report.time(0);", None),
    ("daemon/src/a.cpp", "auto now = std::chrono::system_clock::now();", None),
    ("wire/src/a.cpp", "std::mutex m;", "thread"),
    ("engine/src/a.cpp", "double r = std::sqrt(2.0);", "math"),
    ("daemon/src/a.cpp", "assert(x);", "assert"),
    ("daemon/src/a.cpp", "static_assert(x);", None),
    ("tests/engine/a_test.cpp", "int x = rand();", "random"),
    ("host-tools/verbs/a.cpp", "std::mt19937 x;", "random"),
    ("daemon/src/a.cpp", 'sprintf(buffer, "%d", 3);', "unbounded-text"),
    ("daemon/src/a.cpp", 'std::snprintf(buffer, 3, "%d", 3);', None),
    ("text/src/a.cpp", "double x = std::strtod(p, &e);", "lenient-number"),
    ("text/src/a.cpp", "double x = std::stod(p);", "lenient-number"),
    ("daemon/src/a.cpp", "using namespace std;", "using-std"),
    ("daemon/src/a.cpp", "#include <format>", "too-new"),
    ("tests/engine/a_test.cpp", "LONGS_EQUAL(3, report.time);", "64-bit-check"),
    ("tests/engine/a_test.cpp", "UNSIGNED_LONGS_EQUAL(3, event.seq);", "64-bit-check"),
    ("tests/engine/a_test.cpp", "LONGS_EQUAL(0, 1LL << 32);", "64-bit-check"),
    ("tests/engine/a_test.cpp", "LONGLONGS_EQUAL(3, report.time);", None),
    ("tests/engine/a_test.cpp", "LONGS_EQUAL(static_cast<int>(Refusal::reused_seq), code);", None),
    ("tests/engine/a_test.cpp", "LONGS_EQUAL(3, list.size());", None),
    ("daemon/src/a.cpp", "// TODO: later", "undone"),
    ("daemon/src/a.cpp", "// not implemented", "undone"),
    ("daemon/src/a.cpp", "int x;  // " + "x" * 120, "columns"),
    ("engine/src/a.cpp", "auto* a = new int;  // layering: allow heap because this line is a test", None),
    ("engine/src/a.cpp", "auto* a = new int;  // layering: allow stream because this line is a test", "heap"),
    ("engine/src/a.cpp", "auto big = 1'000'000; auto* a = new int; auto c = 'x';", "heap"),
]
LINK_CASES = [
    ("engine/CMakeLists.txt", "target_link_libraries(tocsin_engine PRIVATE tocsin::wire)", "link"),
    ("engine/CMakeLists.txt", "target_link_libraries(tocsin_engine PRIVATE tocsin::warnings tocsin::schemas)", None),
    ("daemon/CMakeLists.txt", "target_link_libraries(tocsind PRIVATE tocsin::journal tocsin::wire)", None),
    ("daemon/CMakeLists.txt", "target_link_libraries(tocsind PRIVATE tocsin::compiler)", "link"),
    ("firmware/CMakeLists.txt", "target_link_libraries(app PRIVATE tocsin::journal)", "link"),
    ("firmware/CMakeLists.txt", "target_link_libraries(app PRIVATE tocsin::wire_host)", "link"),
    ("text/CMakeLists.txt", "target_link_libraries(tocsin_text PUBLIC tocsin::wire_host)", None),
    ("host-tools/CMakeLists.txt", "target_link_libraries(tocsin PRIVATE tocsin::daemon)", "link"),
]


def rules_found(path, text):
    with tempfile.TemporaryDirectory() as root:
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full))
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        return {rule for _, _, rule, _ in check_layering.findings(root)[0]}


class Layering(unittest.TestCase):
    def test_every_line_of_the_table(self):
        for path, line, expected in CPP_CASES:
            with self.subTest(path=path, line=line):
                rules = rules_found(path, HEADER + line + "\n")
                self.assertEqual(rules, {expected} if expected else set())

    def test_every_link_line_of_the_table(self):
        for path, line, expected in LINK_CASES:
            with self.subTest(path=path, line=line):
                rules = rules_found(path, "# SPDX-License-Identifier: Apache-2.0\n" + line + "\n")
                self.assertEqual(rules, {expected} if expected else set())

    def test_every_ban_has_a_case_that_breaks_it(self):
        tried = {expected for _, _, expected in CPP_CASES}
        for ban in check_layering.BANS:
            if ban.name != "kill-by-name":
                self.assertIn(ban.name, tried)
        self.assertIn("kill-by-name", rules_found("tests/a.cpp", HEADER + "pkill;\n"))

    def test_a_header_needs_pragma_once(self):
        self.assertEqual(rules_found("wire/include/a.hpp", HEADER), {"header"})
        self.assertEqual(rules_found("wire/include/a.hpp", HEADER + "#pragma once\n"), set())

    def test_the_licence_line_is_missed(self):
        self.assertEqual(rules_found("wire/src/a.cpp", "int x;\n"), {"licence"})

    def test_a_file_of_701_lines_is_too_long(self):
        self.assertEqual(rules_found("wire/src/a.cpp", HEADER + "\n" * 700), {"length"})
        self.assertEqual(rules_found("wire/src/a.cpp", HEADER + "\n" * 699), set())

    def test_an_empty_tree_is_not_a_success(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(check_layering.findings(root)[2], 0)


class Symbols(unittest.TestCase):
    def test_only_the_listed_symbols_may_be_needed(self):
        needed = {"memcpy", "memset", check_symbols.PANIC, "__aeabi_dadd", "__udivdi3", "__muldf3", "__popcountdi2",
                  "_GLOBAL_OFFSET_TABLE_", "__aeabi_unwind_cpp_pr0", "tocsin_own"}
        self.assertEqual(check_symbols.foreign(needed, {"tocsin_own"}, False), [])

    def test_library_calls_are_foreign(self):
        for name in ("malloc", "_Znwm", "_ZdlPv", "strlen", "sqrt", "printf", "__cxa_throw", "__cxa_guard_acquire",
                     "_ZSt20__throw_length_errorPKc", "abort", "__gxx_personality_v0", "__asan_report_load4"):
            with self.subTest(name=name):
                self.assertEqual(check_symbols.foreign({name}, set(), False), [name])

    def test_instrumented_builds_may_call_their_runtime(self):
        self.assertEqual(check_symbols.foreign({"__asan_report_load4", "__gcov_init"}, set(), True), [])

    def test_allocators_in_an_image_are_seen(self):
        self.assertEqual(check_symbols.heap_users({"main", "_malloc_r", "_sbrk", "_Znwj", "mallocator"}),
                         ["_malloc_r", "_sbrk"])


if __name__ == "__main__":
    unittest.main()
