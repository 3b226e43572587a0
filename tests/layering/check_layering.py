#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the layers apart and the house rules kept, by reading the sources.

check_layering.py [SOURCE_TREE]

Prints one line per finding, "path:line: what; what to do instead", and exits 1 if there is any. Standard library only.
A line that must break a rule says so: `// layering: allow <rule> because <reason>`.
"""
import os
import re
import subprocess
import sys
from dataclasses import dataclass

# Which folder may include whose headers. The arrows listed are all there are.
MAY_INCLUDE = {
    "schemas": set(),
    "engine": set(),
    "wire": {"schemas", "engine"},
    "journal": {"wire", "engine"},
    "text": {"wire", "engine"},
    "daemon": {"journal", "wire", "engine"},
    "firmware": {"wire", "engine"},
    "host-tools": {"journal", "text", "wire", "engine"},
}
# What the second part of an include path ("tocsin/<name>/...") belongs to, where it is not the folder's own name.
OWNER = {"board": "firmware", "compiler": "host-tools", "model": "host-tools", "host_tools": "host-tools",
         "tools": "host-tools", "test_support": "tests"}
# Single files with one arrow more.
EXTRA_INCLUDE = {
    # The rule image is a FlatBuffer; only the loader reads it.
    re.compile(r"engine/src/(.*/)?loader\.cpp"): {"schemas"},
    # The rule compiler is the one that writes it.
    re.compile(r"host-tools/compiler/.*"): {"schemas"},
}
# The engine's standard headers: header-only, no heap, no operating system.
ENGINE_STD = {"algorithm", "array", "bit", "climits", "compare", "concepts", "cstddef", "cstdint", "cstring",
              "initializer_list", "iterator", "limits", "memory", "numeric", "optional", "span", "string_view", "tuple",
              "type_traits", "utility", "version"}
THIRD_PARTY = [  # header pattern, folders that may
    (re.compile(r"zmq(_addon)?\.h(pp)?"), {"daemon", "host-tools"}),
    (re.compile(r"sqlite3(ext)?\.h"), {"journal"}),
    (re.compile(r"flatbuffers/.*"), {"schemas", "wire", "host-tools"}),
    (re.compile(r"tao/.*|CLI/.*"), {"host-tools"}),
    (re.compile(r"nlohmann/.*"), {"host-tools", "text"}),
    (re.compile(r"toml\+\+/.*|toml\.hpp"), {"daemon", "host-tools"}),
    (re.compile(r"systemd/.*"), {"daemon"}),
    (re.compile(r"sodium(/.*)?\.h"), {"daemon", "journal", "host-tools"}),
]
PORTABLE = {"engine", "wire", "firmware"}  # run without an operating system
# Files in those folders that only hosted programs use: the codecs whose messages have no bounded size.
HOSTED_FILES = re.compile(r"wire/src/host/.*|wire/include/tocsin/wire/(?:(?:alert|batch|control)_codec|why)\.hpp")
HOSTED_BANS_LIFTED = {"heap", "container"}
EVERYWHERE = set(MAY_INCLUDE) | {"tests"}
ALL_BUT_TESTS = set(MAY_INCLUDE)


@dataclass(frozen=True)
class Ban:
    name: str
    pattern: re.Pattern
    folders: frozenset
    instead: str


def ban(name, pattern, folders, instead):
    return Ban(name, re.compile(pattern), frozenset(folders), instead)


BANS = [
    ban("heap", r"\bnew\s+[\w:]+|\bnew\s*\(|(?<![\w.>])(?:std::)?(?:malloc|calloc|realloc|aligned_alloc)\s*\(|"
        r"\bmake_(?:unique|shared)\b", PORTABLE, "use fixed storage, or std::construct_at in place"),
    ban("container", r"\bstd::(?:vector|string|map|set|multimap|deque|list|unordered_\w+|function|shared_ptr|unique_ptr|"
        r"any|variant)\b(?!_view)", PORTABLE, "use std::span, std::array, std::string_view or the types of engine/base"),
    ban("stream", r"\bstd::(?:cout|cerr|clog|cin|[io]?f?stream|[io]?stringstream|endl)\b|\bf?printf\s*\(", PORTABLE,
        "return a value and let the caller print it"),
    ban("exception", r"\bthrow\b|\btry\s*\{|\bcatch\s*\(", PORTABLE, "return a Result or an error enumerator"),
    ban("rtti", r"\bdynamic_cast\b|\btypeid\b", PORTABLE, "use an enumerator and a switch"),
    ban("clock", r"\b(?:system_clock|steady_clock|high_resolution_clock)\b|\bclock_gettime\b|\bgettimeofday\b|"
        r"(?<![\w.>])(?:std::)?time\s*\(\s*(?:nullptr|NULL|0|&)", ALL_BUT_TESTS - {"daemon", "host-tools"},
        "take the time as an argument; only daemon and host-tools read a clock"),
    ban("thread", r"\bstd::(?:j?thread|async|mutex|condition_variable|future)\b", PORTABLE | {"text"},
        "portable code has no threads; daemon owns them"),
    ban("math", r"\bstd::(?:sqrt|pow|exp|log|log2|log10|sin|cos|tan|fma|cbrt|hypot|tgamma|lgamma)\b", {"engine"},
        "use engine/base's own functions: the C library's differ between targets"),
    ban("assert", r"(?<![\w.])assert\s*\(|<cassert>|\"assert\.h\"", ALL_BUT_TESTS,
        "use TOCSIN_CHECK for our own logic, an error for outside data"),
    ban("random", r"(?<![\w.>])(?:std::)?s?rand\s*\(|\bstd::(?:random_device|mt19937\w*|default_random_engine)\b",
        EVERYWHERE, "use tocsin::test_support::Prng with a printed seed (libsodium's randombytes for secrets)"),
    ban("unbounded-text", r"(?<![\w.>])(?:std::)?(?:sprintf|vsprintf|strcpy|strcat|gets|strtok|sscanf)\s*\(", EVERYWHERE,
        "use std::snprintf, std::from_chars, std::to_chars or std::string"),
    ban("lenient-number", r"(?<![\w.>])(?:std::)?(?:ato[ifl]l?|strto[dfl]l?|strtou?ll?|sto[dfil]l?)\s*\(", ALL_BUT_TESTS,
        "use std::from_chars: no locale, and it says where it stopped"),
    ban("using-std", r"\busing\s+namespace\s+std\s*;", EVERYWHERE, "name what you use"),
    ban("too-new", r"#\s*include\s*<(?:expected|format|source_location|print|generator|mdspan)>", EVERYWHERE,
        "GCC 12 or clang 14 lacks it"),
    ban("64-bit-check", r"\b(?:UNSIGNED_)?LONGS_EQUAL(?:_TEXT)?\s*\((?=.*(?:\bu?int64|\d\s*U?LL\b|_ms\b|_us\b|_ns\b|"
        r"(?<![\w:])(?:time|instant|received|hash|seq|sequence)\b))", {"tests"},
        "long has 32 bits on armhf and Cortex-M; use LONGLONGS_EQUAL or UNSIGNED_LONGLONGS_EQUAL"),
    ban("kill-by-name", r"\b(?:pkill|killall)\b", EVERYWHERE, "end what you started by its own pid"),
]
UNDONE = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|\b(?:not (?:yet )?implemented|unimplemented|placeholder)\b|"
                    r"\b(?:a|the|is) stub\b", re.IGNORECASE)
ALLOW = re.compile(r"layering: allow ([\w-]+) because \S+")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LINES_WARN, LINES_MAX, COLUMNS_MAX = 600, 700, 120
CPP = (".cpp", ".hpp", ".h")
SPDX = "SPDX-License-Identifier: Apache-2.0"
SELF = "tests/layering/"  # names what it bans


def without_comments_and_strings(text):
    """The code alone, line for line: comments and the contents of literals become blanks."""
    out, i, n = [], 0, len(text)
    keep_newlines = lambda s: re.sub(r"[^\n]", " ", s)
    token = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
                       re.DOTALL)
    while i < n:
        match = token.search(text, i)
        if not match:
            out.append(text[i:])
            break
        start, end = match.span()
        piece = match.group(0)
        # A quote between digits separates them: 1'000'000.
        if piece[0] == "'" and start > 0 and text[start - 1].isalnum():
            out.append(text[i:start + 1])
            i = start + 1
            continue
        out.append(text[i:start])
        if piece.startswith(("//", "/*")):
            out.append(keep_newlines(piece))
        else:
            out.append(piece[0] + keep_newlines(piece[1:-1]) + piece[-1])
        i = end
    return "".join(out)


def folder_of(path):
    return path.split("/", 1)[0]


def include_findings(path, number, style, header):
    folder = folder_of(path)
    if header.startswith("../") or "/../" in header:
        yield "include", f'climbs out of its folder: "{header}"; use the "tocsin/<folder>/..." path'
    if header.startswith("tocsin/"):
        name = header.split("/")[1]
        owner = OWNER.get(name, name)
        if folder == "tests" or owner == folder:
            if owner == "firmware" and folder == "firmware":
                yield from firmware_findings(path, name, header)
            return
        allowed = set(MAY_INCLUDE.get(folder, set()))
        for pattern, extra in EXTRA_INCLUDE.items():
            if pattern.fullmatch(path):
                allowed |= extra
        if owner not in allowed:
            listed = ", ".join(sorted(allowed)) or "nothing of ours"
            yield "include", f'{folder} may not include "{header}"; it may use {listed}: move the code, or pass the value in'
        return
    first = header.split("/")[0]
    if folder != "tests" and first == "tests":
        yield "include", f'nothing may include tests ("{header}"); move what is shared into the library'
        return
    if folder != "tests" and first in MAY_INCLUDE and first != folder:
        yield "include", f'"{header}" reaches into a sibling; use the "tocsin/<folder>/..." path of an allowed folder'
    for pattern, folders in THIRD_PARTY:
        if pattern.fullmatch(header) and folder != "tests" and folder not in folders:
            if not (folder == "engine" and re.fullmatch(r"engine/src/(.*/)?loader\.cpp", path)
                    and header.startswith("flatbuffers/")):
                yield "include", f"<{header}> belongs to {', '.join(sorted(folders))}, not to {folder}"
            return
    if folder == "engine" and style == "<" and header not in ENGINE_STD and not header.startswith("flatbuffers/"):
        yield "include", (f"the engine may not include <{header}>; allowed are the header-only ones listed in "
                          "tests/layering/check_layering.py")
    if folder in PORTABLE and header in ("iostream", "fstream", "sstream", "string", "vector", "map", "functional",
                                         "thread", "mutex", "filesystem"):
        if folder != "engine" and not HOSTED_FILES.fullmatch(path):  # the engine's list has said it
            yield "include", f"<{header}> needs a heap or an operating system; {folder} runs without"


def firmware_findings(path, name, header):
    """The board knows nothing of the app."""
    if path.startswith("firmware/board/") and re.match(r"tocsin/firmware/app\b", header):
        yield "include", f'the board may not include the app ("{header}"); the app calls the board'


def cpp_findings(path, text):
    folder = folder_of(path)
    raw = text.split("\n")
    code = without_comments_and_strings(text).split("\n")
    bans = [b for b in BANS if folder in b.folders and not (path.startswith("firmware/board/") and b.name == "stream")]
    # The board's runtime for test programs prints and allocates on purpose: it is where the heap comes from.
    if path.endswith("mps2_an386/test_runtime.cpp") or path.startswith(("tests/support/", "tests/board/")):
        bans = [b for b in bans if b.name not in ("heap", "stream", "random")]
    if HOSTED_FILES.fullmatch(path):
        bans = [b for b in bans if b.name not in HOSTED_BANS_LIFTED]
    for number, (raw_line, line) in enumerate(zip(raw, code), start=1):
        allowed = set(ALLOW.findall(raw_line))
        if number >= 2:
            allowed |= set(ALLOW.findall(raw[number - 2]))
        match = INCLUDE.match(raw_line)
        if match and INCLUDE.match(re.sub(r"\s+$", "", raw_line)) and not raw_line.lstrip().startswith("//"):
            for rule, what in include_findings(path, number, *match.groups()):
                if rule not in allowed:
                    yield number, rule, what
        for b in bans:
            # Includes keep their text: "too-new" and "assert" look at it.
            subject = raw_line if match else line
            found = b.pattern.search(subject)
            if found and b.name not in allowed:
                yield number, b.name, f"'{found.group(0).strip()}' is banned here; {b.instead}"
    if path.endswith((".hpp", ".h")) and not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield 1, "header", "no '#pragma once'; put it on the second line"


def common_findings(path, text):
    lines = text.split("\n")
    code = path.endswith(CPP + (".cmake", ".py", ".sh", ".fbs")) or path.endswith("CMakeLists.txt")
    if code and SPDX not in "\n".join(lines[:3]):
        yield 1, "licence", f"no SPDX line; begin with '{SPDX}' in a comment"
    for number, line in enumerate(lines, start=1):
        if path.endswith(CPP) and len(line) > COLUMNS_MAX:
            yield number, "columns", f"{len(line)} columns; at most {COLUMNS_MAX}, clang-format does it"
        if code and not path.startswith(SELF):
            found = UNDONE.search(line)
            if found and not ALLOW.search(line):
                yield number, "undone", f"'{found.group(0)}' marks work undone; do it, or say what is so and why"
    if code and len(lines) - 1 > LINES_MAX:
        yield 1, "length", f"{len(lines) - 1} lines; at most {LINES_MAX}: split it by what it does"


def link_findings(path, text):
    """Link lines of the folders' CMake files against the same table as the include lines."""
    folder = folder_of(path)
    if folder not in MAY_INCLUDE:
        return
    for number, line in enumerate(text.split("\n"), start=1):
        for name in re.findall(r"\btocsin::(\w+)", line.split("#")[0]):
            owner = name.replace("_", "-") if name.replace("_", "-") in MAY_INCLUDE else OWNER.get(name, name)
            owner = "host-tools" if owner.startswith("host-tools") else owner
            if name == "wire_host":  # wire's codecs with a heap
                if folder in PORTABLE - {"wire"}:
                    yield number, "link", f"{folder} may not link tocsin::wire_host, which allocates; link tocsin::wire"
                continue
            if owner not in MAY_INCLUDE or owner == folder:
                continue
            allowed = MAY_INCLUDE[folder] | ({"schemas"} if folder in ("engine", "host-tools") else set())
            if owner not in allowed:
                yield number, "link", f"{folder} may not link tocsin::{name}; move the code, or pass the value in"


def source_files(root):
    """Files under version control, or, without it, all that are not built."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], check=True,
                             capture_output=True).stdout.decode()
        files = [f for f in out.split("\0") if f and os.path.isfile(os.path.join(root, f))]
        if files:
            return sorted(files)
    except (OSError, subprocess.CalledProcessError):
        pass
    files = []
    for folder, names, found in os.walk(root):
        names[:] = [n for n in names if n not in ("build", "third_party", ".git", "__pycache__")]
        files += [os.path.relpath(os.path.join(folder, f), root) for f in found]
    return sorted(files)


def findings(root):
    """(path, line, rule, what) of everything wrong in the tree, and the number of files read."""
    found, warnings, count = [], [], 0
    for path in source_files(root):
        if not (path.endswith(CPP + (".cmake", ".py", ".sh", ".fbs")) or os.path.basename(path) == "CMakeLists.txt"
                or path.startswith(("scripts/", ".ci/"))):
            continue
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            text = file.read()
        count += 1
        rows = list(common_findings(path, text))
        if path.endswith(CPP) and folder_of(path) in EVERYWHERE:
            rows += cpp_findings(path, text)
        if os.path.basename(path) == "CMakeLists.txt":
            rows += link_findings(path, text)
        found += [(path, number, rule, what) for number, rule, what in rows]
        lines = text.count("\n")
        if path.endswith(CPP) and LINES_WARN < lines <= LINES_MAX:
            warnings.append(f"{path}: warning: {lines} lines; above {LINES_MAX} it fails")
    return found, warnings, count


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    if not os.path.isdir(root):
        print(f"{root}: not a folder", file=sys.stderr)
        return 2
    found, warnings, count = findings(root)
    for line in warnings:
        print(line)
    for path, number, rule, what in found:
        print(f"{path}:{number}: {what} [{rule}]", file=sys.stderr)
    print(f"{count} files read, {len(found)} findings")
    if count == 0:
        print("nothing was checked", file=sys.stderr)
        return 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
