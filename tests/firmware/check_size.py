#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_size.py --size TOOL --nm TOOL --budget FILE IMAGE: prints what a firmware image needs, fails over budget."""
import argparse
import re
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


def engine_bytes(tool, image):
    """Code and constants of the namespace tocsin::engine that the linker kept: by mangled name, and not in RAM."""
    out = subprocess.run([tool, "-S", image], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in out.splitlines()]
    ours = re.compile(r"_Z(Z|T.)?NK?6tocsin6engine")
    return sum(int(row[1], 16) for row in rows if len(row) == 4 and row[2] in "tTrRwWvV" and ours.match(row[3]))


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
        "engine_flash_bytes": engine_bytes(args.nm, args.image),
        "rule_image_bytes": rule_image,
        "engine_block_bytes": block,
        "other_ram_bytes": sum(found.get(name, 0) for name in RAM) - block - found.get(".stack", 0),
        "stack_bytes": found.get(".stack", 0),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", required=True)
    parser.add_argument("--budget", required=True)
    parser.add_argument("--nm", required=True)
    parser.add_argument("image")
    args = parser.parse_args()
    budget = budget_of(args.budget)

    measured = image_sizes(args)
    kept = compare(measured, budget)
    if 0 in (measured["rule_image_bytes"], measured["engine_block_bytes"], measured["engine_flash_bytes"]):
        print("no rule image, no engine block or no engine in this image")
        kept = False
    print(f"flash in all {measured['program_bytes'] + measured['rule_image_bytes']}, RAM in all "
          f"{measured['engine_block_bytes'] + measured['other_ram_bytes'] + measured['stack_bytes']}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
