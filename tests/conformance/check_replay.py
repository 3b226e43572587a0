#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of one `.cases` file through the tocsin program: check_replay.py TOCSIN FILE [--filter TEXT].

README.md says how a file is written. Exit status: 0 all pass, 1 some failed, 2 the file makes no sense.
"""
import argparse
import datetime
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

BASE = datetime.datetime(2024, 1, 1)
OFFSET = re.compile(r'@(?:(\d+)d)?(?:\+?(\d+)h)?(?:\+?(\d+))?(?=[^\w+]|$)')
EPISODE = ("event", "name", "at", "level", "raised_at")
SECTIONS = {"book", "also", "lines", "events", "stands", "stderr", "summary", "options", "exit", "only", "permute",
            "keys", "hash", "error", "warning", "ok", "twice", "files", "passed", "failed"}


def complain(text):
    print(text, file=sys.stderr)
    sys.exit(2)


def instant(match):
    days, hours, ms = (int(group or 0) for group in match.groups())
    when = BASE + datetime.timedelta(days=days, hours=hours, milliseconds=ms)
    fraction = ".%03d" % (when.microsecond // 1000) if when.microsecond else ""
    return when.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def with_times(text):
    return OFFSET.sub(instant, text)


class Case:
    def __init__(self, kind, title, line):
        self.kind, self.title, self.line = kind, title, line
        self.sections = {}

    def add(self, section, argument):
        if section not in SECTIONS:
            complain(f"line {self.line}: unknown section {section}")
        body = self.sections.setdefault(section, [])
        if argument:
            body.append(argument)

    def text(self, section):
        return "\n".join(self.sections.get(section, []))

    def objects(self, section):
        return [json.loads(with_times(line)) for line in self.sections.get(section, []) if line.strip()]

    def lines(self):
        out = []
        for line in self.sections.get("lines", []):
            repeated = re.match(r"repeat (\d+) (.*)", line)
            if repeated:
                count, template = repeated.groups()
                out += [with_times(template.replace("$n", str(n))) for n in range(1, int(count) + 1)]
            elif line.strip():
                out.append(with_times(line))
        return out


def read_cases(path):
    cases, book, current, section = [], [], None, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        head = re.match(r"=== (book|case|compile|tests)\s*(.*)", line)
        if head:
            kind, title = head.groups()
            section = None
            if kind == "book":
                book, current = [], "book"
            else:
                current = Case(kind, title, number)
                current.book = book
                cases.append(current)
        elif line.startswith("--- ") and isinstance(current, Case):
            section, _, argument = line[4:].partition(" ")
            current.add(section, argument.strip())
        elif current == "book":
            book.append(line)
        elif isinstance(current, Case) and section:
            current.sections[section].append(line)
        elif line.strip() and not line.startswith("#"):
            complain(f"{path}:{number}: outside of a section: {line}")
    for case in cases:
        if "book" not in case.sections:
            case.sections["book"] = case.book
    return cases


def differs(expected, got, where=""):
    """The first way in which `got` is not what is expected: objects may have more keys than expected."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key, value in expected.items():
            if value is None:
                if key in got:
                    return f"{where}.{key} is {json.dumps(got[key])}, expected none"
            elif key not in got:
                return f"{where}.{key} is missing, expected {json.dumps(value)}"
            else:
                found = differs(value, got[key], f"{where}.{key}")
                if found:
                    return found
        return None
    if isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return f"{where} has {len(got)} elements, expected {len(expected)}: {json.dumps(got)}"
        for index, pair in enumerate(zip(expected, got)):
            found = differs(*pair, f"{where}[{index}]")
            if found:
                return found
        return None
    # 1 and true are the same to Python, not to a reader.
    if expected != got or isinstance(expected, bool) != isinstance(got, bool):
        return f"{where} is {json.dumps(got)}, expected {json.dumps(expected)}"
    return None


def standing(events):
    """What is left of the events when retractions have withdrawn theirs."""
    left = []
    for event in events:
        if event["event"] in ("unknown", "known"):
            continue
        if event["event"] != "retracted":
            left.append(event)
            continue
        for other in left:
            same = [other["name"], other["event"], other["at"], other["level"], other["raised_at"]]
            if same == [event["name"], event["retracts"]["event"], event["retracts"]["at"], event["level"],
                        event["raised_at"]]:
                left.remove(other)
                break
        else:
            return None
    return left


class Runner:
    def __init__(self, tocsin, folder):
        self.tocsin, self.folder = tocsin, pathlib.Path(folder)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments):
        return subprocess.run([self.tocsin, *map(str, arguments)], capture_output=True, encoding="utf-8",
                              errors="replace", timeout=60, check=False)

    def replay(self, case, lines, book="book"):
        reports = self.write("lines.jsonl", "".join(line + "\n" for line in lines))
        options = with_times(case.text("options")).split()
        return self.run("replay", self.write(book + ".watch", case.text(book) + "\n"), reports, "--json", *options)

    def check(self, case):
        if case.kind == "compile":
            return self.check_compile(case)
        if case.kind == "tests":
            return self.check_tests(case)
        return self.check_permuted(case) if "permute" in case.sections else self.check_replay(case)

    def events(self, case, done):
        events = [json.loads(line) for line in done.stdout.splitlines()]
        only = case.text("only").split()
        return [event for event in events if event["event"] in only] if only else events

    def check_stands(self, case, done):
        expected, left = case.objects("stands"), standing(self.events(case, done))
        if left is None:
            return "a retraction withdraws what does not stand:\n" + done.stdout
        for want in expected:
            for event in left:
                if not differs(want, event):
                    left.remove(event)
                    break
            else:
                return f"does not stand: {json.dumps(want)}; stands:\n{done.stdout}"
        return f"stands as well: {json.dumps(left[0])}" if left else None

    def check_permuted(self, case):
        for order in itertools.permutations(case.lines()):
            done = self.replay(case, order)
            if done.returncode != 0:
                return done.stderr
            found = self.check_stands(case, done)
            if found:
                return "with the lines\n  " + "\n  ".join(order) + "\n" + found
        return None

    def check_replay(self, case):
        done = self.replay(case, case.lines())
        if done.returncode != int(case.text("exit") or 0):
            return f"ended with {done.returncode}: {done.stderr}"
        events = self.events(case, done)
        if "events" in case.sections:
            expected = case.objects("events")
            for index, (want, got) in enumerate(zip(expected, events)):
                found = differs(want, got)
                if found:
                    return f"event {index + 1}: {found}\n  in {json.dumps(got)}"
            if len(expected) != len(events):
                return f"{len(events)} events, expected {len(expected)}:\n{done.stdout}"
        if "stands" in case.sections:
            found = self.check_stands(case, done)
            if found:
                return found
        for text in case.sections.get("stderr", []):
            if text and text not in done.stderr:
                return f"stderr does not say {text!r}: {done.stderr}"
        if "summary" in case.sections:
            summary = json.loads(done.stderr.strip().splitlines()[-1])
            found = differs(case.objects("summary")[0], summary)
            if found:
                return f"summary: {found}"
        return self.check_bytes(case, done, events)

    def check_bytes(self, case, done, events):
        if "keys" in case.sections:
            want = case.text("keys").split()
            if not events or list(events[0]) != want:
                return f"keys of the first event: {list(events[0]) if events else 'no event'}, expected {want}"
        if "twice" in case.sections:
            again = self.replay(case, case.lines())
            if not done.stdout or again.stdout != done.stdout:
                return "the second run says other bytes"
        if "also" in case.sections:
            other = self.events(case, self.replay(case, case.lines(), "also"))
            if len(other) != len(events) or not events:
                return f"{len(events)} events, and {len(other)} with the other book"
            for want in case.sections["hash"]:
                key, relation = want.split()
                if (events[0][key] == other[0][key]) != (relation == "same"):
                    return f"{key} should be {relation}: {events[0][key]}, {other[0][key]}"
        return None

    def check_compile(self, case):
        for entry in case.sections.get("files", []):
            name, _, text = entry.partition(" ")
            if name:
                self.write(name, text + "\n")
        options = case.text("options").split()
        book = self.write("book.watch", case.text("book") + "\n")
        done = self.run("check", book, "--json", *options)
        expected = [(severity, want) for severity in ("error", "warning") for want in case.sections.get(severity, [])
                    if want]
        if (done.returncode != 0) != any(severity == "error" for severity, _ in expected):
            return f"check ended with {done.returncode}: {done.stdout}{done.stderr}"
        said = json.loads(done.stdout)
        said = said if isinstance(said, list) else said["diagnostics"]
        for severity, want in expected:
            line, _, text = want.partition(":")
            text = text.strip()
            for diagnostic in said:
                words = diagnostic["message"] + " " + (diagnostic.get("help") or "")
                if diagnostic["severity"] == severity and diagnostic["line"] == int(line) and text in words:
                    said.remove(diagnostic)
                    break
            else:
                return f"no {severity} in line {line} with {text!r}: {json.dumps(said, indent=1)}"
        if "warning" not in case.sections and "ok" not in case.sections:
            said = [diagnostic for diagnostic in said if diagnostic["severity"] == "error"]
        return f"says as well: {json.dumps(said, indent=1)}" if said else None

    def check_tests(self, case):
        done = self.run("test", self.write("book.watch", case.text("book") + "\n"), "--json")
        failed = [title for title in case.sections.get("failed", []) if title]
        if done.returncode != (1 if failed else 0):
            return f"tocsin test ended with {done.returncode}: {done.stdout}{done.stderr}"
        expected = {title: True for title in case.sections.get("passed", []) if title}
        expected.update({title: False for title in failed})
        got = {test["title"]: test["passed"] for test in json.loads(done.stdout)["tests"]}
        return None if got == expected else f"passed: {got}, expected {expected}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tocsin")
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--filter", default="")
    options = parser.parse_args()
    cases = [case for case in read_cases(options.file) if options.filter in case.title]
    if not cases:
        complain(f"{options.file}: no case")
    failed = 0
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="tocsin-conformance-") as folder:
            try:
                found = Runner(options.tocsin, folder).check(case)
            except (KeyError, ValueError, subprocess.TimeoutExpired) as error:
                found = f"{type(error).__name__}: {error}"
        failed += found is not None
        print(f"{'ok   ' if found is None else 'FAIL '} {case.title}")
        if found is not None:
            print(f"{options.file}:{case.line}: {found}")
    print(f"{options.file}: {len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
