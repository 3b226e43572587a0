#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lines of every test of a book, in random orders of arrival, end in what they end in when in order.

check_orders.py TOCSIN BOOK [--orders N] [--seed N]. Exit status: 0 so it is, 1 it is not.
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from check_replay import standing  # noqa: E402  beside this file

TEST = re.compile(r'^test "((?:[^"\\]|\\.)*)" \{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
REPORTS = re.compile(r"at (\S+)\s+(\w+)\s+reports (.*?)(?: from (\w+))?(?: received \S+)?$")
HEARTBEAT = re.compile(r"at (\S+)\s+(\w+)\s+heartbeat$")
CLOCK = re.compile(r"clock (\S+)$")


def lines_of(body):
    """Input lines without `received`, and the clocks."""
    lines, clocks, seq = [], [], {}
    for text in (line.split("#")[0].strip() for line in body.splitlines()):
        if match := REPORTS.match(text):
            time, feed, items, origin = match.groups()
            for item in items.split(","):
                name, _, value = item.strip().partition(" ")
                seq[feed] = seq.get(feed, 0) + 1
                line = {"feed": feed, "seq": seq[feed], "indicator": name, "time": time}
                if value:
                    line["value"] = float(value)
                if origin:
                    line["origin"] = origin
                lines.append(line)
        elif match := HEARTBEAT.match(text):
            lines.append({"feed": match.group(2), "heartbeat": match.group(1)})
        elif match := CLOCK.match(text):
            clocks.append(match.group(1))
    return lines, clocks


def when(line):
    return line.get("time") or line["heartbeat"]


def ends_in(tocsin, book, folder, first, lines, last):
    path = pathlib.Path(folder) / "lines.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [{"clock": first}, *lines, {"clock": last}]),
                    encoding="utf-8")
    done = subprocess.run([tocsin, "replay", "--quiet", "--target", "server", str(book), str(path)],
                          capture_output=True, encoding="utf-8", timeout=60, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr)
    left = standing([json.loads(line) for line in done.stdout.splitlines()])
    if left is None:
        raise ValueError("a retraction withdraws what does not stand:\n" + done.stdout)
    keys = ("event", "name", "at", "level", "raised_at")
    return sorted(tuple(event[key] for key in keys) for event in left)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tocsin")
    parser.add_argument("book", type=pathlib.Path)
    parser.add_argument("--orders", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prng, failed, compared = random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory(prefix="tocsin-orders-") as folder:
        for title, body in TEST.findall(options.book.read_text(encoding="utf-8")):
            lines, clocks = lines_of(body)
            times = sorted([when(line) for line in lines] + clocks)
            if len(lines) < 2:
                continue
            try:
                in_order = ends_in(options.tocsin, options.book, folder, times[0], sorted(lines, key=when), times[-1])
                for _ in range(options.orders):
                    shuffled = prng.sample(lines, len(lines))
                    got = ends_in(options.tocsin, options.book, folder, times[0], shuffled, times[-1])
                    compared += 1
                    if got != in_order:
                        raise ValueError("in the order\n  " + "\n  ".join(map(json.dumps, shuffled)) +
                                         f"\nit ends in\n  {got}\nand not in\n  {in_order}")
            except ValueError as error:
                failed += 1
                print(f"FAIL  {title}\n{error}")
    print(f"{options.book}: {compared} orders compared, {failed} tests failed")
    return 1 if failed or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
