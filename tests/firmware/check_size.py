#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_size.py --size TOOL --nm TOOL --budget FILE IMAGE: prints what a firmware image needs, fails over budget."""
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


def budget_of(path):
    with open(path, encoding="utf-8") as lines:
        rows = (line.split("#")[0].split() for line in lines)
        return {row[0]: int(row[1]) for row in rows if row}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--size", "--nm", "--budget"):
        parser.add_argument(option, required=True)
    parser.add_argument("image")
    args = parser.parse_args()

    found = sections(args.size, args.image)
    rule_image = symbol_bytes(args.nm, args.image, "::kBytes")
    block = symbol_bytes(args.nm, args.image, "::engine_block")
    measured = {
        "program_bytes": sum(found.get(name, 0) for name in FLASH) - rule_image,
        "rule_image_bytes": rule_image,
        "engine_block_bytes": block,
        "other_ram_bytes": sum(found.get(name, 0) for name in RAM) - block - found.get(".stack", 0),
        "stack_bytes": found.get(".stack", 0),
    }
    budget = budget_of(args.budget)
    failed = False
    if rule_image == 0 or block == 0:
        print("no rule image or no engine block in this image")
        failed = True
    for name, value in measured.items():
        limit = budget.get(name)
        verdict = "ok" if limit is not None and value <= limit else "OVER BUDGET" if limit is not None else "NO BUDGET"
        failed = failed or verdict != "ok"
        print(f"{name:20} {value:8} of {limit}  {verdict}")
    print(f"flash in all {measured['program_bytes'] + rule_image}, RAM in all "
          f"{block + measured['other_ram_bytes'] + measured['stack_bytes']}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
