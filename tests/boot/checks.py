# SPDX-License-Identifier: BSD-2-Clause
"""Checks of boot tests that a regular expression cannot make.

A check NAME is a function NAME(text, scratch) that returns what is wrong, one
line each; NAME_args(scratch) gives the QEMU arguments it needs.
"""
import json
import re
import subprocess

import operator_console
import report_schema

# "# dma edu@0000:00:03.0 rids=0x0018,0x0018 write iova=0x40000000 pa=0x12345000": said by the kernel (word
# trace=dma) of every page of a DMA that arrived through a table; the ids are its own and its last alias.
CLAIM = re.compile(r"^# dma (\S+) rids=0x([0-9a-f]+),0x([0-9a-f]+) (read|write) iova=0x([0-9a-f]+) pa=0x([0-9a-f]+)",
                   re.M)
TRANSLATED = re.compile(r"vtd_dmar_translate.*dev ([0-9a-f]+):([0-9a-f]+)\.([0-9a-f]+) "
                        r"iova 0x([0-9a-f]+) -> gpa 0x([0-9a-f]+) mask 0x([0-9a-f]+)")
AMD_TRANSLATED = re.compile(r"amdvi_translation_result.*devid: ([0-9a-f]+):([0-9a-f]+)\.([0-9a-f]+) "
                            r"gpa 0x([0-9a-f]+) hpa 0x([0-9a-f]+)")
PAGE_SIZES = [1 << bits for bits in range(12, 39)]


def trace_args(scratch):
    return ["-trace", "vtd_dmar_translate", "-trace", "amdvi_translation_result", "-D", f"{scratch}/trace.txt"]


def translations(line):
    """
    (source, page size, IOVA page, physical page) of a translation. AMD's trace
    leaves the size open; a refused request has address 0, as the widest pages have.
    """
    found = TRANSLATED.search(line)
    if found:
        bus, slot, function, iova, gpa, mask = (int(part, 16) for part in found.groups())
        return [(bus << 8 | slot << 3 | function, mask + 1, iova // (mask + 1), gpa // (mask + 1))]
    found = AMD_TRANSLATED.search(line)
    if not found:
        return []
    bus, slot, function, iova, pa = (int(part, 16) for part in found.groups())
    return [(bus << 8 | slot << 3 | function, size, iova // size, pa // size)
            for size in PAGE_SIZES if pa % size == 0 and (pa > 0 or size > 1 << 30)]


def trace(text, scratch):
    """Every DMA that the kernel reports as translated was translated by the unit, to that frame."""
    seen = set()
    with open(scratch / "trace.txt", errors="replace") as lines:
        for line in lines:
            seen.update(translations(line))
    sizes = {size for _, size, _, _ in seen}
    claims = CLAIM.findall(text)
    if not claims:
        return ["the kernel reports no translated DMA (append trace=dma)"]
    wrong = []
    for label, rid, alias, operation, iova, pa in claims:
        iova, pa = int(iova, 16), int(pa, 16)
        if not any((int(source, 16), size, iova // size, pa // size) in seen and iova % size == pa % size
                   for source in (rid, alias) for size in sizes):
            wrong.append(f"claimed, and not in QEMU's trace: {label} {operation} iova=0x{iova:x} pa=0x{pa:x}")
    print(f"# trace: {len(claims)} DMAs reported as translated, {len(seen)} page translations traced")
    return wrong[:20]


CONTROL = re.compile(r"(vtd_reg_write_gcmd) status 0x[0-9a-f]+ value 0x([0-9a-f]+)"
                     r"|amdvi_control_status MMIO_STATUS state 0x([0-9a-f]+)")


def stays_on_args(scratch):
    return ["-trace", "vtd_reg_write_gcmd", "-trace", "amdvi_control_status", "-D", f"{scratch}/trace.txt"]


def stays_on(_text, scratch):
    """Once on, translation is never switched off: by VT-d's GCMD.TE, or AMD-Vi's IommuEn."""
    states = []
    with open(scratch / "trace.txt", errors="replace") as lines:
        for line in lines:
            found = CONTROL.search(line)
            if found:
                states.append(int(found.group(2), 16) >> 31 if found.group(1) else int(found.group(3), 16) & 1)
    if 1 not in states:
        return ["translation was never switched on"]
    off = states[states.index(1):].count(0)
    return [f"translation was switched off {off} times"] if off else []


def tap(text, _scratch):
    """The output is well-formed: version line, numbered results, a plan that agrees, totals that agree."""
    lines = text.splitlines()
    wrong = []
    if "TAP version 14" not in lines:
        wrong.append("no 'TAP version 14'")
    numbers = [int(m.group(1)) for m in re.finditer(r"^(?:not )?ok (\d+) - ", text, re.M)]
    if numbers != list(range(1, len(numbers) + 1)):
        wrong.append(f"results are not numbered from 1: {numbers[:5]}...")
    if f"1..{len(numbers)}" not in lines:
        wrong.append(f"no plan 1..{len(numbers)}")
    skipped = len(re.findall(r"^ok \d+ - .*# SKIP ", text, re.M))
    failed = len(re.findall(r"^not ok ", text, re.M))
    totals = f"{len(numbers) - failed - skipped} passed, {failed} failed, {skipped} skipped"
    if not lines or lines[-1] != totals:
        wrong.append(f"last line: seen {lines[-1] if lines else ''!r}, expected {totals!r}")
    if len(lines) < 2 or not lines[-2].startswith("# verdict: "):
        wrong.append("no verdict in the line before the last")
    return wrong


def json_of(text):
    """(report, None), or (None, what is wrong with it)."""
    found = re.search(r"^---8<--- report\n(.*?)^--->8---$", text, re.M | re.S)
    if not found:
        return None, "no report between ---8<--- report and --->8---"
    try:
        return json.loads(found.group(1)), None
    except ValueError as error:
        return None, f"not JSON: {error}"


def report_json(text, _scratch):
    """report=json is one JSON object between its two marks, as docs/report-json.md describes it."""
    report, wrong = json_of(text)
    return [wrong] if wrong else report_schema.violations(report)[:20]


REPORT_LINES = 25
REPORT_COLUMNS = 80


def report_screen(text, _scratch):
    """The summary begins with the verdict and fits on a screen, long lines counted as they are wrapped."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("# report: ")]
    if len(starts) != 1:
        return [f"{len(starts)} lines begin with '# report: '"]
    end = lines.index("TAP version 14") if "TAP version 14" in lines else len(lines)
    rows = sum(max(1, -(-len(line) // REPORT_COLUMNS)) for line in lines[starts[0]:end])
    return [] if rows <= REPORT_LINES else [f"the summary takes {rows} rows of {REPORT_COLUMNS} columns"]


def second_port(_text, scratch):
    """The second serial port, in com2.txt, got the end of the run."""
    text = (scratch / "com2.txt").read_text(errors="replace")
    return [] if "# verdict: " in text else ["nothing of the verdict on the second serial port"]


def compact_of(text):
    """The compact report as the shell's qr printed it."""
    found = re.search(r"^(iommukit-compact/1\n.*?)\n# qr: ", text, re.M | re.S)
    return found.group(1) if found else None


def qr_pictures(text, scratch):
    """Every picture qr-*.ppm shows a QR code that another program reads: the compact report."""
    printed = compact_of(text)
    pictures = sorted(scratch.glob("qr-*.ppm"))
    if printed is None or not pictures:
        return [f"{len(pictures)} pictures, compact report printed: {printed is not None}"]
    wrong = []
    for picture in pictures:
        seen = subprocess.run(["zbarimg", "-q", "--raw", str(picture)], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout.decode()
        if seen != printed + "\n":
            wrong.append(f"{picture.name}: seen {seen!r}, expected {printed!r}")
    return wrong


def qr_blocks(text, _scratch):
    """The half blocks on the serial line are a square of the printed version's size with four light modules around."""
    version = re.search(r"^# qr: .* version (\d+)-", text, re.M)
    lines = re.findall("^[ \u2580\u2584\u2588]{20,}$", text, re.M)
    if not version:
        return ["no line '# qr: '"]
    size = 17 + 4 * int(version.group(1)) + 8
    if len(lines) != (size + 1) // 2 or any(len(line) != size for line in lines):
        return [f"{len(lines)} lines of blocks of {sorted({len(line) for line in lines})}, expected {size} modules"]
    return [] if lines[0] == lines[1] == "\u2588" * size else ["no light modules above it"]


def shell_picture(_text, scratch):
    """shell.ppm shows what the serial line had got; back.ppm is qr-end.ppm again."""
    cells = operator_console.read_cells(scratch / "shell.ppm")
    wrong = operator_console.compare(cells, (scratch / "shell.txt").read_text())
    if (scratch / "back.ppm").read_bytes() != (scratch / "qr-end.ppm").read_bytes():
        wrong.append("a key did not lead back from the QR code")
    return wrong
