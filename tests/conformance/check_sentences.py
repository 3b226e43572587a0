#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every sentence of docs/language-semantics.md names tests that exist, and every test here is named by a sentence.

check_sentences.py SOURCE_FOLDER. Exit status: 0 so it is, 1 it is not.
"""
import pathlib
import re
import sys

SENTENCE = re.compile(r"- \*\*(S\d+)\*\* ")
NAMED = re.compile(r"  → `(.*)`$")
BOOK_TEST = re.compile(r'test "((?:[^"\\]|\\.)*)"')
CASE = re.compile(r"=== (?:case|compile|tests)\s+(.*)")


def sentences(path):
    """Pairs of a sentence's number and the titles of its tests."""
    found, number = [], None
    for line in path.read_text(encoding="utf-8").splitlines():
        begins, named = SENTENCE.match(line), NAMED.match(line)
        if begins:
            number = begins.group(1)
            found.append((number, []))
        elif named and number:
            found[-1][1].append(f"{number} {named.group(1)}")
        elif not line.startswith("  "):
            number = None
    return found


def titles(folder):
    """Titles of all tests, each with the file it is in. Books inside of cases have tests of their own: not these."""
    found = []
    for path in sorted(folder.glob("*.watch")):
        found += [(match.group(1), path.name) for line in path.read_text(encoding="utf-8").splitlines()
                  if (match := BOOK_TEST.match(line))]
    for path in sorted(folder.glob("*.cases")):
        found += [(match.group(1), path.name) for line in path.read_text(encoding="utf-8").splitlines()
                  if (match := CASE.match(line))]
    return found


def main():
    source = pathlib.Path(sys.argv[1])
    page = source / "docs" / "language-semantics.md"
    said, tests = sentences(page), titles(source / "tests" / "conformance")
    problems = []
    if len(said) < 100 or len(tests) < len(said):
        problems.append(f"only {len(said)} sentences and {len(tests)} tests found: this script no longer reads them")
    numbers = [number for number, _ in said]
    problems += [f"{page}: {number} is there twice" for number in sorted(set(numbers)) if numbers.count(number) > 1]
    problems += [f"{page}: {number} names no test" for number, names in said if not names]
    existing, named = [title for title, _ in tests], {name for _, names in said for name in names}
    problems += [f"{page}: there is no test `{name}`" for name in sorted(named - set(existing))]
    for title, file in tests:
        if title not in named:
            problems.append(f"{file}: no sentence names the test `{title}`")
        if existing.count(title) > 1:
            problems.append(f"{file}: `{title}` is the title of two tests")
    for problem in problems:
        print(problem)
    print(f"{len(said)} sentences, {len(tests)} tests, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
