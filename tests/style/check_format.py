#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names the C++ files that clang-format would change; with --fix changes them.

check_format.py [--tool CLANG_FORMAT] [--fix] [SOURCE_TREE]
"""
import argparse
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "layering"))
import check_layering  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default="clang-format-14")
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("tree", nargs="?", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    args = parser.parse_args()
    os.chdir(args.tree)
    files = [f for f in check_layering.source_files(".") if f.endswith(check_layering.CPP)]
    if not files:
        print("no C++ files found: nothing was checked", file=sys.stderr)
        return 1
    if args.fix:
        return subprocess.run([args.tool, "-i", *files], check=False).returncode
    result = subprocess.run([args.tool, "--dry-run", "--ferror-limit=1", *files], check=False, capture_output=True,
                            text=True)
    changed = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "clang-format" in line})
    for path in changed:
        print(f"{path}: not laid out as .clang-format says; run scripts/format", file=sys.stderr)
    if result.returncode and not changed:
        print(result.stderr, file=sys.stderr)
        return 1
    print(f"{len(files)} files, {len(changed)} to format")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
