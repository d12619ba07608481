# SPDX-License-Identifier: BSD-2-Clause
"""The host tool as its tests run it, and the tables they give it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

LINT, BUILD_TABLE = (os.path.abspath(path) for path in sys.argv[1:3])
TESTS = []

SOUND_DMAR = """dmar haw=39 flags=0x5
drhd segment=0 base=0xfed90000 flags=1
  scope ioapic id=2 bus=0xf0 path=1f.0
  scope hpet id=0 bus=0 path=1f.0
"""
ZERO_BASE_DMAR = SOUND_DMAR.replace("0xfed90000", "0")
SOUND_APIC = "apic revision=4\nlapic id=0\nioapic id=2 base=0xfec00000 gsi=0\n"
SOUND_HPET = "hpet number=0 base=0xfed00000\n"
EVIL = "</script><script>alert(1)</script>&<!--"
EVIL_DMAR = SOUND_DMAR + "andd number=1 name=" + EVIL + "\n"


def test(function):
    TESTS.append(function)
    return function


class Skip(Exception):
    pass


class Folder:
    """A folder of tables made from text."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="lint-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def file(self, name, content):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        return path

    def table(self, name, text):
        source = self.file(name + ".text", text)
        path = os.path.join(self.path, name)
        subprocess.run([BUILD_TABLE, source, path], check=True)
        os.remove(source)
        return path


def run(*arguments, status=None):
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run([LINT, *arguments], capture_output=True, env=env, timeout=60)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Sanitizer" not in err and "runtime error" not in err, err[:600]
    assert done.returncode in (0, 1, 2), done.returncode
    if status is not None:
        assert done.returncode == status, f"status {done.returncode}, expected {status}: {err or out}"
    return out, err


def report(*arguments, status=None):
    return json.loads(run("--json", *arguments, status=status)[0])


def ids(found):
    return {finding["id"] for finding in found["findings"] if finding["severity"] != "note"}
