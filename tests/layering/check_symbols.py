#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at symbols of built files.

check_symbols.py --nm NM --archive libtocsin_engine.a [--instrumented]
    The archive needs nothing but mem*, the panic hook and, on ARM, helpers the compiler itself calls.
check_symbols.py --nm NM --no-heap IMAGE
    No allocator is linked into a firmware image.
"""
import argparse
import re
import subprocess
import sys

# tocsin::panic(char const*, char const*, int), as every compiler here mangles it.
PANIC = "_ZN6tocsin5panicEPKcS1_i"
ALLOWED = [
    r"mem(cpy|move|set|cmp)",
    PANIC,
    # ARM run-time ABI and libgcc: arithmetic the processor has no instruction for.
    r"__aeabi_\w+",
    r"__(add|sub|mul|div|fix|fixuns|float|floatun|extend|trunc|cmp|eq|ne|lt|le|gt|ge|unord|neg|ash[lr]|lshr|clz|ctz|"
    r"popcount|parity|ffs|u?mod|udiv|u?divmod|bswap)[sdtx]?[ifd]?\w{0,6}[234]",
    # Not calls: the linker's table for position-independent code, and the unwinder's personality on ARM Linux.
    r"_GLOBAL_OFFSET_TABLE_",
    r"__aeabi_unwind_cpp_pr[012]",
]
INSTRUMENTED = [r"__(asan|ubsan|tsan|sanitizer|gcov|sancov)_\w+", r"__stack_chk_\w+"]
# The library's operator new comes with malloc; the firmware's own one, without, ends in a panic.
HEAP = re.compile(r"(malloc|calloc|realloc|_malloc_r|_calloc_r|_realloc_r|_sbrk|_sbrk_r|sbrk)$")


def symbols(nm, path):
    """(undefined, defined) global symbol names of a file."""
    out = subprocess.run([nm, "-g", "-P", path], check=True, capture_output=True, text=True).stdout
    undefined, defined = set(), set()
    for line in out.splitlines():
        fields = line.split()
        if len(fields) < 2 or line.endswith(":"):
            continue
        (undefined if fields[1] in ("U", "w", "v") else defined).add(fields[0])
    return undefined, defined


def foreign(undefined, defined, instrumented):
    """Names that are needed, not defined in the file itself, and not allowed."""
    allowed = re.compile("|".join(f"(?:{p})" for p in ALLOWED + (INSTRUMENTED if instrumented else [])))
    return sorted(name for name in undefined - defined if not allowed.fullmatch(name))


def heap_users(defined):
    return sorted(name for name in defined if HEAP.fullmatch(name))


def demangled(name):
    try:
        return subprocess.run(["c++filt", name], check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nm", required=True)
    parser.add_argument("--archive")
    parser.add_argument("--no-heap")
    parser.add_argument("--instrumented", action="store_true", help="sanitizer and coverage calls are expected")
    args = parser.parse_args()
    bad = 0
    if args.archive:
        undefined, defined = symbols(args.nm, args.archive)
        if not defined:
            print(f"{args.archive}: no symbols at all: nothing was checked", file=sys.stderr)
            return 1
        for name in foreign(undefined, defined, args.instrumented):
            print(f"{args.archive}: needs {demangled(name)}: the engine may need only mem* and tocsin::panic; "
                  "use fixed storage and the helpers in engine/base", file=sys.stderr)
            bad += 1
        if not bad:
            print(f"{len(defined)} symbols defined, {len(undefined - defined)} needed from outside, all allowed")
    if args.no_heap:
        _, defined = symbols(args.nm, args.no_heap)
        for name in heap_users(defined):
            print(f"{args.no_heap}: contains {demangled(name)}: firmware has no heap; use fixed storage",
                  file=sys.stderr)
            bad += 1
        if "main" not in defined:
            print(f"{args.no_heap}: no main(): not a linked image", file=sys.stderr)
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
