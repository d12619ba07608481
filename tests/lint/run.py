#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The host tool from outside: what it reads, prints and exits with.

usage: run.py LINT BUILD_TABLE

LINT is the program, BUILD_TABLE makes a table from text (tests/boot/build_table.c).
Prints TAP.
"""
import glob
import html.parser
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import traceback

sys.dont_write_bytecode = True
from tool import EVIL, EVIL_DMAR, LINT, SOUND_APIC, SOUND_DMAR, TESTS, ZERO_BASE_DMAR
from tool import Folder, Skip, ids, report, run, test
from machines import make_sysfs, MACHINE_DMAR


# ---- the command line ----

@test
def help_and_version():
    out, err = run("--help", status=0)
    assert out.startswith("usage: iommukit-lint") and err == ""
    for word in ("--json", "--text", "--dot", "--html", "Exit status", "/sys/firmware/acpi/tables"):
        assert word in out, word
    out, _ = run("--version", status=0)
    assert out.startswith("iommukit-lint ") and out.count("\n") == 1


@test
def words_it_does_not_know():
    out, err = run("--jsno", status=2)
    assert out == "" and "--jsno" in err
    _, err = run("--json", "--text", status=2)
    assert "more than one format" in err
    _, err = run("--sys=/sys", "/", status=2)
    assert "--sys" in err


# ---- what it reads ----

@test
def what_cannot_be_read():
    with Folder() as folder:
        _, err = run(os.path.join(folder.path, "absent"), status=2)
        assert "absent: No such file" in err
        _, err = run(folder.path, status=2)
        assert "no DMAR" in err
        short = folder.file("short", b"DMAR")
        assert report(short, status=1)["tables"][0]["problems"][0]["what"].startswith("fewer bytes")
        _, err = run(folder.file("two", b"DM"), status=2)
        assert "too short" in err
        huge = folder.file("huge", b"")
        os.truncate(huge, 17 << 20)
        _, err = run(huge, status=2)
        assert "huge: File too large" in err


@test
def nothing_is_shown_of_nothing():
    with Folder() as folder:
        for words in ([], ["--text"], ["--json"], ["--dot"], ["--html"]):
            out, err = run(*words, folder.path + "/absent", status=2)
            assert out == "" and err.count("\n") == 1 and "absent: No such file" in err, (words, out, err)


@test
def folders_of_a_folder_are_not_entered():
    with Folder() as folder:
        folder.file("word", "no table")
        _, err = run(folder.path, status=2)
        assert "no DMAR" in err and "not entered" not in err, err
        folder.table("machine", SOUND_DMAR)
        os.makedirs(folder.path + "/inner")
        assert run(folder.path, status=0)[1] == ""
        os.rename(folder.path + "/machine", folder.path + "/inner/machine")
        _, err = run(folder.path, status=2)
        assert "no DMAR" in err and "not entered" in err, err


@test
def one_unreadable_does_not_hide_the_rest():
    with Folder() as folder:
        good = folder.table("good", ZERO_BASE_DMAR)
        out, err = run(good, folder.path + "/absent", status=2)
        assert "unit-base-zero" in out and "absent" in err


@test
def exit_status_of_findings():
    with Folder() as folder:
        run(folder.table("sound", SOUND_DMAR), status=0)
        out, _ = run(folder.table("zero", ZERO_BASE_DMAR), status=1)
        assert "error unit-base-zero (DMAR+0x30)" in out, out
        out, _ = run(folder.file("short", b"DMAR"), status=1)
        assert "    problem at DMAR+0x0: fewer bytes" in out, out


@test
def other_tables_are_read_by_name_only():
    with Folder() as folder:
        ssdt = folder.file("SSDT1", b"SSDT" + struct.pack("<IBB6s8sI4sI", 40, 2, 0, b"MAKER ", b"MACHINE ", 1, b"TOOL", 1) + b"code")
        folder.table("DMAR", SOUND_DMAR)
        folder.file("data/DMAR", b"DMAR")
        found = report(folder.path, status=0)
        assert [table["signature"] for table in found["tables"]] == ["DMAR"]
        out, _ = run(ssdt, status=1)
        assert "the header only" in out and "add up" in out


def dump(*tables):
    """What acpidump prints of them."""
    text = ""
    for table in tables:
        text += f"{table[:4].decode()} @ 0x0000000000000000\n"
        for at in range(0, len(table), 16):
            line = table[at:at + 16]
            shown = "".join(chr(byte) if 32 < byte < 127 else "." for byte in line)
            text += f"    {at:04X}: {' '.join(f'{byte:02X}' for byte in line):47}  {shown}\n"
        text += "\n"
    return text


@test
def text_of_acpidump():
    with Folder() as folder:
        tables = [open(folder.table(name, text), "rb").read()
                  for name, text in (("dmar", EVIL_DMAR), ("apic", SOUND_APIC.replace("id=2", "id=3")))]
        ssdt = b"SSDT" + bytes([40, 0, 0, 0]) + bytes(32)
        path = folder.file("acpidump.txt", dump(tables[0], ssdt, tables[1]))
        found = report(path, status=1)
        assert [(table["signature"], table["length"]) for table in found["tables"]] == \
            [("DMAR", len(tables[0])), ("APIC", len(tables[1]))]
        assert all(table["problems"] == [] for table in found["tables"]) and "ioapic-missing" in ids(found)
        assert found["tables"][0]["blocks"][0]["blocks"] == report(folder.path + "/dmar")["tables"][0]["blocks"][0]["blocks"]
        crlf = folder.file("crlf.txt", dump(tables[0]).replace("\n", "\r\n"))
        assert report(crlf)["tables"][0]["length"] == len(tables[0])


@test
def damaged_text_of_acpidump():
    with Folder() as folder:
        table = open(folder.table("dmar", SOUND_DMAR), "rb").read()
        lines = dump(table).splitlines(True)
        cut = folder.file("cut", "".join(lines[:3] + lines[4:]))     # the line at 0020h is not there
        found = report(cut, status=1)["tables"][0]
        assert found["length"] == 32 and found["problems"][0]["what"].startswith("fewer bytes")
        for at in range(len(lines[0]), 200, 7):
            run(folder.file("part", dump(table)[:at] + "\n"), status=None)
        for content in ("TAP version 14\nok 1 - something of no interest\n", dump(b"SSDT" + bytes(40)),
                        "DMAR @ 0x0000000000000000\n\n" + 20 * " "):
            _, err = run(folder.file("none", content), status=2)
            assert "neither a table" in err


# ---- machines ----

@test
def tables_of_one_folder_are_judged_together():
    with Folder() as folder:
        folder.table("dmar", SOUND_DMAR)
        folder.table("apic", SOUND_APIC.replace("id=2", "id=3"))
        assert "ioapic-missing" in ids(report(folder.path, status=1))
        folder.table("apic", SOUND_APIC)
        assert ids(report(folder.path, status=0)) == set()


@test
def tables_of_two_folders_are_not():
    with Folder() as folder, Folder() as other:
        dmar = folder.table("dmar", SOUND_DMAR)
        apic = other.table("apic", SOUND_APIC.replace("id=2", "id=3"))
        assert ids(report(dmar, apic, status=0)) == set()
        apic = folder.table("apic", SOUND_APIC.replace("id=2", "id=3"))
        assert "ioapic-missing" in ids(report(apic, dmar, status=1))


@test
def two_of_one_signature_on_one_machine_are_a_fault():
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR)
        assert "table-twice" not in ids(report("--sys=" + folder.path))
        folder.table("firmware/acpi/tables/DMAR2", MACHINE_DMAR)
        assert "table-twice" in ids(report("--sys=" + folder.path, status=1))


@test
def two_of_one_signature_are_two_machines():
    with Folder() as folder:
        folder.table("a-dmar", SOUND_DMAR)
        folder.table("b-dmar", SOUND_DMAR)
        folder.table("apic", SOUND_APIC.replace("id=2", "id=3"))
        found = report(folder.path, status=0)
        assert len(found["tables"]) == 3 and len(found["units"]) == 2


# ---- JSON ----

def check_fields(where, fields, blocks, start, end, covered):
    for field in fields:
        assert start <= field["offset"] and field["offset"] + field["length"] <= end, (where, field)
        assert {"name", "offset", "length", "value", "meaning"} <= field.keys(), field
        if "bits" not in field:
            assert "bit" not in field
            covered.append((field["offset"], field["length"]))
    for block in blocks:
        inner = (block["offset"], block["offset"] + block["length"])
        assert start <= inner[0] and inner[1] <= end, (where, block["name"])
        check_fields(block["name"], block["fields"], block["blocks"], *inner, covered)


@test
def json_has_every_byte_once():
    with Folder() as folder:
        found = report(folder.table("dmar", EVIL_DMAR), status=None)
        assert found["schema"] == "iommukit-lint/1"
        table = found["tables"][0]
        covered = []
        check_fields("table", [], table["blocks"], 0, table["length"], covered)
        at = 0
        for offset, length in sorted(covered):
            assert offset == at, (offset, at)
            at += length
        assert at == table["length"]
        assert [block["name"] for block in table["blocks"]] == ["DMAR"]
        drhd = table["blocks"][0]["blocks"][0]
        assert drhd["name"] == "DRHD" and drhd["offset"] == 48
        assert drhd["blocks"][0]["name"] == "scope IOAPIC"
        base = [field for field in drhd["fields"] if field["name"] == "Register Base Address"][0]
        assert base["value"] == "0xfed90000" and base["offset"] == 56 and base["length"] == 8
        flag = [field for field in drhd["fields"] if field["name"] == "INCLUDE_PCI_ALL"][0]
        assert (flag["bit"], flag["bits"], flag["value"]) == (0, 1, 1)
        unit = found["units"][0]
        assert (unit["name"], unit["vendor"], unit["segment"], unit["base"]) == ("vtd0", "intel", 0, "0xfed90000")


@test
def json_of_findings_and_problems():
    with Folder() as folder:
        path = folder.table("dmar", ZERO_BASE_DMAR + "atsr length=3\n")
        found = report(path, status=1)
        finding = [finding for finding in found["findings"] if finding["id"] == "unit-base-zero"][0]
        assert set(finding) == {"severity", "id", "table", "file", "offset", "what", "trips", "remedy", "reference"}
        assert finding["severity"] == "error" and finding["table"] == "DMAR" and finding["file"] == path
        problem = found["tables"][0]["problems"][0]
        assert problem == {"offset": 82, "what": "a length below that of the structure's own header", "value": "0x3"}


@test
def text_of_firmware_cannot_break_json():
    with Folder() as folder:
        bytes_ = bytearray(open(folder.table("dmar", SOUND_DMAR), "rb").read())
        bytes_[10:24] = b'"\\\x1b[31m\xff\x01\x7f}],\n\x80'
        found = report(folder.file("evil", bytes(bytes_)))
        values = {field["name"]: field["value"] for field in found["tables"][0]["blocks"][0]["fields"] if "bits" not in field}
        assert values["OEM ID"] == '"\\\x1b[31' and values["OEM Table ID"] == "m\xff\x01\x7f}],\n"
        out, _ = run("--text", folder.path + "/evil")
        assert "\x1b" not in out and "\x01" not in out


@test
def real_tables():
    tables = os.environ.get("ACPI_TABLES", "../shared/acpi-tables")
    if not os.path.isdir(tables):
        raise Skip("no folder of real tables")
    folders = sorted({root for root, _, files in os.walk(tables) if any(name.endswith(".dat") for name in files)})
    assert folders
    for folder in folders:
        count = sum(name.endswith(".dat") for name in os.listdir(folder))
        found = report(folder)
        for table in found["tables"]:
            covered = []
            check_fields(table["file"], [], table["blocks"], 0, table["length"], covered)
            assert sum(length for _, length in covered) == table["length"], table["file"]
        passed_over = sum(name == "srat.dat" for name in os.listdir(folder))
        assert len(found["tables"]) == count - passed_over, folder
        for form in ("--text", "--dot", "--html"):
            run(form, folder)


# ---- text ----

@test
def text_has_fields_and_findings():
    with Folder() as folder:
        path = folder.table("dmar", ZERO_BASE_DMAR)
        out, _ = run("--text", path, status=1)
        assert "Register Base Address" in out and "INCLUDE_PCI_ALL" in out and "unit-base-zero" in out
        out, _ = run(path, status=1)
        assert "Register Base Address  " not in out and "unit-base-zero" in out
        assert out.splitlines()[-1].startswith("1 tables, 1 errors")
        assert "see:       VT-d §8" in out
        assert report(path)["findings"][0]["reference"].startswith("VT-d §8")


@test
def signature_cannot_steer_the_terminal():
    with Folder() as folder:
        out, _ = run(folder.file("evil", b"\x1b[1m" + struct.pack("<I", 40) + bytes(32)), status=1)
        assert "\x1b" not in out and out.startswith("?[1m ")


@test
def file_names_cannot_steer_the_terminal():
    with Folder() as folder:
        name = folder.path + "/a\x1b[31m\u00e4"
        _, err = run(name, status=2)
        assert "\x1b" not in err and "a?[31m\u00e4: No such file" in err
        out, _ = run(folder.table("a\x1b[31m\u00e4", SOUND_DMAR), status=0)
        assert "\x1b" not in out and "a?[31m\u00e4, " in out


# ---- pictures ----

class Page(html.parser.HTMLParser):
    """The texts of the page's script elements, by id."""

    def __init__(self):
        super().__init__()
        self.scripts, self.open = [], None

    def handle_starttag(self, tag, attributes):
        assert not any(name in ("src", "href") and value and "//" in value for name, value in attributes)
        if tag == "script":
            self.open = [dict(attributes).get("id"), ""]

    def handle_data(self, data):
        if self.open is not None:
            self.open[1] += data

    def handle_endtag(self, tag):
        if tag == "script":
            self.scripts.append(tuple(self.open))
            self.open = None


def page_report(page):
    parser = Page()
    parser.feed(page)
    assert [name for name, _ in parser.scripts] == ["report", None], parser.scripts
    return json.loads(parser.scripts[0][1])


@test
def page_holds_the_report():
    with Folder() as folder:
        path = folder.table("dmar", EVIL_DMAR)
        page, _ = run("--html", path)
        found = page_report(page)
        assert found == report(path)
        assert EVIL in json.dumps(found) and EVIL not in page
        assert "@REPORT@" not in page


KERNEL_REPORT = {"schema": "iommukit-report/1", "cmdline": EVIL, "units": [{"name": "vtd0"}]}


@test
def page_of_a_saved_report():
    with Folder() as folder:
        alone = folder.file("report.json", json.dumps(KERNEL_REPORT))
        assert page_report(run("--html", alone, status=0)[0]) == KERNEL_REPORT
        log = folder.file("serial.log", "SeaBIOS\r\n# vtd0: unit {\r\n---8<--- report\r\n" +
                          json.dumps(KERNEL_REPORT, indent=1).replace("\n", "\r\n") +
                          "\r\n--->8---\r\nTAP version 14\r\n1..0\r\n")
        assert page_report(run("--html", log, status=0)[0]) == KERNEL_REPORT


@test
def page_of_what_is_no_report():
    with Folder() as folder:
        for name, content, why in (("broken", "{\"schema\": \"iommukit-report/1\", \"units\": [}", "not JSON"),
                                   ("list", "[1, 2, 3]   ", "no report"),
                                   ("other", "{\"name\": \"x\"}", "no report"),
                                   ("cut", "---8<--- report\n{\"schema\": \"iommukit-rep", "not JSON"),
                                   ("log", "TAP version 14\nok 1 - x\n", "not JSON")):
            out, err = run("--html", folder.file(name, content), status=2)
            assert out == "" and why in err, (name, err)


@test
def a_page_of_whatever_text_reads():
    with Folder() as folder:
        table = open(folder.table("dmar", ZERO_BASE_DMAR), "rb").read()
        out, _ = run("--html", folder.file("acpidump.txt", dump(table)), status=1)
        assert "unit-base-zero" in ids(page_report(out))
        # A pipe can be read once only.
        for content, word in ((table, "unit-base-zero"), (json.dumps(KERNEL_REPORT).encode(), "iommukit-report/1")):
            done = subprocess.run([LINT, "--html", "/dev/stdin"], input=content, capture_output=True, timeout=60,
                                  env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
            assert word in json.dumps(page_report(done.stdout.decode())), done.stderr


@test
def every_finding_is_in_the_list():
    """docs/findings.md against the sources: ids, and severities where one id has one."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    sources = glob.glob(root + "/drivers/firmware/*.c") + glob.glob(root + "/suite/*.c")
    rules = re.compile(r"struct judge_rule \w+ = \{\s*FW_(\w+),\s*\"([a-z0-9-]+)\"|"
                       r"\.severity = FW_(\w+),\s*\.id = \"([a-z0-9-]+)\"")
    made = {}
    for source in sources:
        with open(source) as text:
            for match in rules.finditer(text.read()):
                severity, name = [word for word in match.groups() if word]
                made.setdefault(name, set()).add(severity.lower())
    assert len(made) > 140, len(made)
    with open(root + "/docs/findings.md") as text:
        rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([a-z, ]+) \| (.+) \| (.+) \|$", text.read(), re.M)
    listed = {name: set(severity.split(", ")) for name, severity, *_ in rows}
    assert len(listed) == len(rows), "an id has two rows"
    assert listed.keys() == made.keys(), listed.keys() ^ made.keys()
    assert listed == made, {name: (listed[name], made[name]) for name in made if listed[name] != made[name]}


@test
def dot_is_a_graph():
    if shutil.which("dot") is None:
        raise Skip("no dot (package graphviz)")
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR)
        out, _ = run("--dot", "--sys=" + folder.path)
        drawn = subprocess.run(["dot", "-Tplain"], input=out.encode(), capture_output=True, check=True).stdout.decode()
        nodes = {line.split()[1].strip('"') for line in drawn.splitlines() if line.startswith("node ")}
        assert nodes == {"0000:00:00.0", "0000:00:02.0", "0000:00:1c.0", "0000:01:00.0", "vtd0", "vtd1"}, nodes
        assert 'label="group 0"' in out and '"0000:00:1c.0" -> "0000:01:00.0"' in out
        assert '"vtd0" -> "0000:00:02.0"' in out and '"vtd1" -> "0000:01:00.0"' not in out


def main():
    print("TAP version 14")
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for number, function in enumerate(TESTS, 1):
        name = f"{number} - lint/{function.__name__.replace('_', '-')}"
        try:
            function()
            counts["passed"] += 1
            print(f"ok {name}")
        except Skip as why:
            counts["skipped"] += 1
            print(f"ok {name} # SKIP {why}")
        except Exception as why:
            counts["failed"] += 1
            place = traceback.extract_tb(why.__traceback__)[-1]
            print(f"not ok {name}\n  ---\n  message: line {place.lineno}: {place.line}: {str(why)[:600]!r}\n  ...")
    print(f"1..{len(TESTS)}")
    print(", ".join(f"{count} {word}" for word, count in counts.items()))
    return counts["failed"] > 0


if __name__ == "__main__":
    sys.exit(main())
