#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_size.py --size TOOL --nm TOOL --budget FILE IMAGE: prints what a firmware image needs, fails over budget.

check_size.py --size TOOL --budget FILE --engine ARCHIVE: the same for the engine's code alone, before the linker leaves
out what a firmware does not call.
"""
import argparse
import subprocess
import sys

FLASH = (".text", ".ARM.extab", ".ARM.exidx", ".init_array", ".data")
RAM = (".data", ".bss", ".noinit", ".stack")


def sections(tool, image):
    out = subprocess.run([tool, "-A", image], check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in out.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}


def symbol_bytes(tool, image, part):
    out = subprocess.run([tool, "-S", "-C", image], check=True, capture_output=True, text=True).stdout
    return sum(int(row.split()[1], 16) for row in out.splitlines() if row.endswith(part) and len(row.split()) > 3)


def archive_bytes(tool, archive):
    """Code, constants and initialised data of all members."""
    out = subprocess.run([tool, archive], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in out.splitlines()[1:]]
    for row in rows:
        print(f"  {row[5]:24} {int(row[0]) + int(row[1]):8}")
    return sum(int(row[0]) + int(row[1]) for row in rows)


def budget_of(path):
    with open(path, encoding="utf-8") as lines:
        rows = (line.split("#")[0].split() for line in lines)
        return {row[0]: int(row[1]) for row in rows if row}


def compare(measured, budget):
    """Prints each figure beside its limit. Returns True when all keep to theirs."""
    kept = True
    for name, value in measured.items():
        limit = budget.get(name)
        verdict = "ok" if limit is not None and value <= limit else "OVER BUDGET" if limit is not None else "NO BUDGET"
        kept = kept and verdict == "ok"
        print(f"{name:20} {value:8} of {limit}  {verdict}")
    return kept


def image_sizes(args):
    found = sections(args.size, args.image)
    rule_image = symbol_bytes(args.nm, args.image, "::kBytes")
    block = symbol_bytes(args.nm, args.image, "::engine_block")
    return {
        "program_bytes": sum(found.get(name, 0) for name in FLASH) - rule_image,
        "rule_image_bytes": rule_image,
        "engine_block_bytes": block,
        "other_ram_bytes": sum(found.get(name, 0) for name in RAM) - block - found.get(".stack", 0),
        "stack_bytes": found.get(".stack", 0),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", required=True)
    parser.add_argument("--budget", required=True)
    parser.add_argument("--nm")
    parser.add_argument("--engine")
    parser.add_argument("image", nargs="?")
    args = parser.parse_args()
    if (args.engine is None) == (args.image is None) or (args.image and not args.nm):
        parser.error("give --engine ARCHIVE, or --nm TOOL and IMAGE")
    budget = budget_of(args.budget)

    if args.engine:
        size = archive_bytes(args.size, args.engine)
        if size == 0:
            print("no code in this archive")
        return 0 if compare({"engine_flash_bytes": size}, budget) and size > 0 else 1

    measured = image_sizes(args)
    kept = compare(measured, budget)
    if measured["rule_image_bytes"] == 0 or measured["engine_block_bytes"] == 0:
        print("no rule image or no engine block in this image")
        kept = False
    print(f"flash in all {measured['program_bytes'] + measured['rule_image_bytes']}, RAM in all "
          f"{measured['engine_block_bytes'] + measured['other_ram_bytes'] + measured['stack_bytes']}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
