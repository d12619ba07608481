#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Breaks one place at a time of what the unit tests run, and expects them to notice.

run.py BUILD [name ...]: the mutants of the lists beside this file, or those
whose name contains one of the words. Needs the host objects and the test
programs that the lists name ("make mutants" builds them); CC and CFLAGS come
from the environment. A list is made of:

  mutant NAME             what is wrong then
  file FILE               a source that the host programs link, or a header of such
  by PROGRAM[/WORD] ...   tests/unit/test_PROGRAM.c; with WORD only tests whose name contains it
  - old text              white space counts as one blank, lines follow each other;
  + new text              the old text must be there exactly once; no new text, or a +
                          alone: left out; more pairs may follow and are applied in order
  survives: REASON        nothing can notice, and why; reported as skipped

What was built stays as it is: the sources are copied once for each worker, a
mutant changes one file of the copy, what includes that file is compiled and
put before libhost.a when a test program is linked again. The tests and the
models are never compiled anew: a header of theirs is no place for a mutant.

A mutant is caught when a test fails, the model sees a rule broken or a
sanitizer stops the program. A program that does not end is no test: hanging
counts as survival. Output is TAP 14.
"""
import concurrent.futures
import os
import pathlib
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
TREES = ["drivers", "suite", "kernel", "boot", "tools/lint"]
# Seconds of processor time a test program may take, the slowest takes 25; and how long that may be on a busy machine.
TIME_LIMIT = 120
LATEST = 10 * TIME_LIMIT
SANITIZERS = ["-fsanitize=address,undefined"]


class Mutant:
    def __init__(self, name, line):
        self.name, self.line = name, line
        self.file, self.by, self.survives = None, [], None
        self.changes = []  # [old text, new text]


class Broken(Exception):
    """List and tree do not allow to make this mutant."""


def read_list(path):
    """The mutants of one list."""
    mutants = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        word, _, rest = line.partition(" ")
        if not line.strip() or word.startswith("#"):
            continue
        if word == "mutant":
            mutants.append(Mutant(rest.strip(), number))
            continue
        if not mutants:
            sys.exit(f"{path.name}:{number}: expected \"mutant NAME\" first")
        mutant = mutants[-1]
        if word == "file":
            mutant.file = rest.strip()
        elif word == "by":
            mutant.by += rest.split()
        elif word == "survives:":
            mutant.survives = rest.strip()
        elif word == "-":
            if not mutant.changes or mutant.changes[-1][1] is not None:
                mutant.changes.append(["", None])
            mutant.changes[-1][0] += rest + "\n"
        elif word == "+" and mutant.changes:
            mutant.changes[-1][1] = (mutant.changes[-1][1] or "") + rest + "\n"
        else:
            sys.exit(f"{path.name}:{number}: expected mutant, file, by, survives:, - or +, seen \"{word}\"")
    for mutant in mutants:
        if not (mutant.file and mutant.by and mutant.changes):
            sys.exit(f"{path.name}:{mutant.line}: {mutant.name}: without file, by or -")
    return mutants


def read_lists():
    mutants = [mutant for path in sorted(HERE.glob("*.txt")) for mutant in read_list(path)]
    names = [mutant.name for mutant in mutants]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        sys.exit(f"twice in the lists: {' '.join(sorted(twice))}")
    return mutants


def change(text, mutant):
    """Any white space matches any other, so that reformatting does not break the list."""
    for old, new in mutant.changes:
        pattern = r"\s+".join(re.escape(word) for word in old.split())
        found = list(re.finditer(pattern, text))
        if len(found) != 1:
            raise Broken(f"{mutant.file} holds the old text {len(found)} times, expected once: {old.split()[:6]}")
        text = text[:found[0].start()] + (new or "").rstrip("\n") + text[found[0].end():]
    return text


class Worker:
    """One copy of the sources, and the objects and programs made of it."""

    def __init__(self, build, number):
        self.build = build
        self.folder = build / "mutation" / str(number)
        shutil.rmtree(self.folder, ignore_errors=True)
        for tree in TREES:
            shutil.copytree(tree, self.folder / tree)
        flags = shlex.split(os.environ["CFLAGS"])
        own = [self.folder / flag[2:] for flag in flags if flag.startswith("-I")]
        self.flags = [f"-I{path}" for path in own if path.is_dir()] + flags + ["-w"]

    def affected(self, file):
        """The sources that have to be compiled again, as the last build found out."""
        host = self.build / "host"
        if file.endswith(".c"):
            return [file] if (host / file).with_suffix(".o").exists() else []
        return sorted(str(d.relative_to(host).with_suffix(".c")) for tree in TREES
                      for d in (host / tree).rglob("*.d") if file in re.split(r"[\s:]+", d.read_text()))

    def compile(self, mutant):
        objects = []
        for source in self.affected(mutant.file):
            made = self.folder / (source.replace("/", "-") + ".o")
            run = subprocess.run([os.environ["CC"], *self.flags, "-c", "-o", made, self.folder / source],
                                 capture_output=True, text=True)
            if run.returncode != 0:
                raise Broken("does not compile: " + (run.stderr.strip().splitlines() or ["?"])[0])
            objects.append(made)
        if not objects:
            raise Broken(f"no host program is made of {mutant.file}")
        return objects

    def link(self, program, objects):
        made = self.folder / f"test_{program}"
        host = self.build / "host"
        run = subprocess.run([os.environ["CC"], *SANITIZERS, "-o", made, *objects,
                              host / f"tests/unit/test_{program}.o", host / "tests/unit/test_main.o",
                              host / "libhost.a", "-lm"], capture_output=True, text=True)
        if run.returncode != 0:
            raise Broken("does not link: " + (run.stderr.strip().splitlines() or ["?"])[-1])
        return made

    def try_mutant(self, mutant):
        """Returns who caught it, or None."""
        file = self.folder / mutant.file
        original = file.read_text()
        try:
            file.write_text(change(original, mutant))
            objects = self.compile(mutant)
            for test in mutant.by:
                program, _, word = test.partition("/")
                caught = run_program(self.link(program, objects), word)
                if caught:
                    return caught
            return None
        finally:
            file.write_text(original)


def run_program(program, word):
    """Returns what failed first, or None; a program that is stopped has not failed."""
    process = subprocess.Popen(["prlimit", f"--cpu={TIME_LIMIT}", program, *([word] if word else [])],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    late = threading.Event()

    def stop():
        late.set()
        process.kill()

    timer = threading.Timer(LATEST, stop)
    timer.start()
    try:
        for line in process.stdout:
            if line.startswith("not ok"):
                process.kill()
                return line.split(" - ", 1)[1].strip()
            if "ERROR: " in line or "runtime error: " in line:
                process.kill()
                return f"{program.name}: {line.strip().split('/')[-1]}"
        status = process.wait()
    finally:
        timer.cancel()
        process.stdout.close()
        process.wait()
    if late.is_set() or status in (0, -signal.SIGXCPU):
        return None
    return f"{program.name}: exit status {status}"


def check_unmutated(build, mutants, count):
    """A test that fails anyway would catch everything."""
    def run_test(test):
        program, _, word = test.partition("/")
        return run_program(build / f"host/tests/test_{program}", word)

    tests = sorted({test for mutant in mutants for test in mutant.by})
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        failed = [(test, seen) for test, seen in zip(tests, pool.map(run_test, tests)) if seen]
    for test, seen in failed:
        print(f"# {test} fails without any mutant: {seen}")
    return not failed


def verdict(mutant, caught):
    if mutant.survives and caught:
        return False, f"listed as surviving, caught by {caught}"
    if mutant.survives:
        return True, f"SKIP survives: {mutant.survives}"
    if caught:
        return True, f"caught by {caught}"
    return False, f"caught by none of: {' '.join(mutant.by)}"


def main():
    build, words = pathlib.Path(sys.argv[1]), sys.argv[2:]
    os.chdir(HERE.parent.parent)
    mutants = [mutant for mutant in read_lists()
               if not words or any(word in mutant.name for word in words)]
    count = min(os.cpu_count() or 1, int(os.environ.get("WORKERS", "64")))
    workers = queue.Queue()
    for number in range(count):
        workers.put(Worker(build, number))
    print("TAP version 14", flush=True)
    if not check_unmutated(build, mutants, count):
        print("Bail out! the tests must pass first")
        return 1

    def judge(mutant):
        worker = workers.get()
        try:
            return verdict(mutant, worker.try_mutant(mutant))
        except Broken as broken:
            return False, str(broken)
        finally:
            workers.put(worker)

    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for number, (mutant, (good, why)) in enumerate(zip(mutants, pool.map(judge, mutants)), 1):
            print(f"{'ok' if good else 'not ok'} {number} - mutant/{mutant.name} # {why}", flush=True)
            failed += not good
            skipped += good and why.startswith("SKIP")
            passed += good and not why.startswith("SKIP")
    print(f"1..{len(mutants)}\n{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and mutants else 1


if __name__ == "__main__":
    sys.exit(main())
