#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every whole book of a page (a fenced block marked `watch`) compiles without a word and passes its own tests.

check_examples.py TOCSIN PAGE. Exit status: 0 so it is, 1 it is not.
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    tocsin, page = sys.argv[1], pathlib.Path(sys.argv[2])
    books = re.findall(r"^```watch\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    failed = not books
    with tempfile.TemporaryDirectory(prefix="tocsin-examples-") as folder:
        for number, text in enumerate(books, 1):
            book = pathlib.Path(folder) / f"book{number}.watch"
            book.write_text(text, encoding="utf-8")
            for verb in ("check", "test"):
                done = subprocess.run([tocsin, verb, str(book)], capture_output=True, encoding="utf-8", timeout=60,
                                      check=False)
                said = done.stdout + done.stderr
                bad = done.returncode != 0 or "warning" in said or (verb == "test" and "0 passed" in said)
                failed = failed or bad
                print(f"{'FAIL' if bad else 'ok  '} {verb} book {number} of {page.name}")
                if bad:
                    print(said)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
