#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Kept inputs of the fuzzers: corpus/NAME.txt has one a line, in hexadecimal.

usage: corpus.py unpack NAME DIR       a file for each line
       corpus.py pack NAME DIR         a line for each file, shortest first
"""
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent / "corpus"
HEAD = "# SPDX-License-Identifier: BSD-2-Clause\n"


def unpack(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate((FOLDER / f"{name}.txt").read_text().splitlines()):
        if line and not line.startswith("#"):
            (folder / f"kept-{number:04}").write_bytes(bytes.fromhex(line))


def pack(name, folder):
    inputs = sorted({path.read_bytes() for path in folder.iterdir()} - {b""}, key=lambda one: (len(one), one))
    (FOLDER / f"{name}.txt").write_text(HEAD + "".join(one.hex() + "\n" for one in inputs))
    print(f"{name}: {len(inputs)} inputs")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("pack", "unpack"):
        sys.exit(__doc__)
    {"pack": pack, "unpack": unpack}[sys.argv[1]](sys.argv[2], pathlib.Path(sys.argv[3]))
