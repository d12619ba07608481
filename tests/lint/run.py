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
import tempfile
import traceback

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


# ---- a running machine ----

def config(vendor, device, class_code, header=0, secondary=0):
    space = bytearray(256)
    struct.pack_into("<HH", space, 0, vendor, device)
    struct.pack_into("<I", space, 8, class_code << 8)
    space[14] = header
    if header & 0x7f == 1:
        space[25] = space[26] = secondary
    return bytes(space)


def make_sysfs(folder, dmar):
    folder.table("firmware/acpi/tables/DMAR", dmar)
    for number, (start, end, kind) in enumerate([(0, 0x9fbff, "System RAM"), (0x100000, 0x7fffffff, "System RAM"),
                                                 (0x80000000, 0x8fffffff, "Reserved")]):
        for name, value in (("start", hex(start)), ("end", hex(end)), ("type", kind)):
            folder.file(f"firmware/memmap/{number}/{name}", value + "\n")
    for address, space in (("0000:00:00.0", config(0x8086, 0x29c0, 0x060000)),
                           ("0000:00:02.0", config(0x8086, 0x1234, 0x030000)),
                           ("0000:00:1c.0", config(0x8086, 0x3420, 0x060400, 1, 1)),
                           ("0000:01:00.0", config(0x1b36, 0x0010, 0x010802))):
        folder.file(f"bus/pci/devices/{address}/config", space)


MACHINE_DMAR = """dmar haw=39 flags=0x4
drhd segment=0 base=0xfed90000
  scope endpoint bus=0 path=02.0
drhd segment=0 base=0xfed91000 flags=1
rmrr base=0x80000000 limit=0x8fffffff
  scope endpoint bus=0 path=02.0
"""


@test
def running_machine():
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR)
        found = report("--sys=" + folder.path)
        functions = {function["address"]: function for function in found["functions"]}
        assert set(functions) == {"0000:00:00.0", "0000:00:02.0", "0000:00:1c.0", "0000:01:00.0"}
        assert functions["0000:00:02.0"]["unit"] == "vtd0" and functions["0000:01:00.0"]["unit"] == "vtd1"
        assert functions["0000:01:00.0"]["parent"] == "0000:00:1c.0"
        assert functions["0000:00:1c.0"]["bridge"] is True and functions["0000:00:02.0"]["bridge"] is False
        assert functions["0000:00:02.0"]["reserved"] == [
            {"start": "0x80000000", "end": "0x90000000", "read": True, "write": True}]
        assert functions["0000:01:00.0"]["reserved"] == []
        assert functions["0000:01:00.0"]["requester_ids"][0] == "0000:01:00.0"
        members = [address for group in found["groups"] for address in group["members"]]
        assert sorted(members) == sorted(functions)
        for function in functions.values():
            assert function["group_reason"] and function["address"] in found["groups"][function["group"]]["members"]
            assert found["groups"][function["group"]]["reserved"] == function["reserved"]   # each is alone in its group
        assert functions["0000:00:02.0"]["group_kind"] == "alone"
        assert not {"rmrr-in-ram", "scope-names-nothing"} & ids(found)


@test
def a_region_named_twice_is_its_groups_once():
    rmrr = "rmrr base=0x80000000 limit=0x8fffffff\n  scope endpoint bus=0 path=02.0\n"
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR + rmrr + rmrr.replace("0x80000000", "0x88000000"))
        found = report("--sys=" + folder.path)
        group = {function["address"]: function for function in found["functions"]}["0000:00:02.0"]["group"]
        assert [region["start"] for region in found["groups"][group]["reserved"]] == ["0x80000000", "0x88000000"]


@test
def running_machine_without_an_iommu():
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR)
        os.remove(folder.path + "/firmware/acpi/tables/DMAR")
        folder.table("firmware/acpi/tables/APIC", SOUND_APIC)
        assert ids(report("--sys=" + folder.path, status=1)) == {"iommu-table-missing"}
        # A table that cannot be read may be the one.
        os.symlink("/proc/self/mem", folder.path + "/firmware/acpi/tables/DMAR")
        out, err = run("--json", "--sys=" + folder.path, status=2)
        assert ids(json.loads(out)) == set() and "DMAR: " in err


@test
def tables_for_root_only():
    if os.geteuid() != 0:
        raise Skip("not root, who can make such tables")
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR)
        lint = folder.file("lint", open(LINT, "rb").read())
        os.chmod(lint, 0o755)
        os.chmod(folder.path, 0o755)
        tables = folder.path + "/firmware/acpi/tables/"
        folder.file("firmware/acpi/tables/DSDT", b"DSDT")
        for name in ("DMAR", "DSDT"):
            os.chmod(tables + name, 0o400)
        done = subprocess.run([lint, "--sys=" + folder.path], capture_output=True, user=65534, timeout=60,
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        assert done.returncode == 2 and done.stderr == b"iommukit-lint: only root can read the machine's tables\n", done


def units_of(dmar):
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, dmar)
        return {function["address"][5:]: function["unit"] for function in report("--sys=" + folder.path)["functions"]}


@test
def unit_by_path_and_by_bridge():
    rest = "drhd segment=0 base=0xfed91000 flags=1\n"
    assert units_of("dmar\ndrhd base=0xfed90000\n  scope endpoint bus=0 path=1c.0,00.0\n" + rest) == \
        {"00:00.0": "vtd1", "00:02.0": "vtd1", "00:1c.0": "vtd1", "01:00.0": "vtd0"}
    assert units_of("dmar\ndrhd base=0xfed90000\n  scope bridge bus=0 path=1c.0\n" + rest) == \
        {"00:00.0": "vtd1", "00:02.0": "vtd1", "00:1c.0": "vtd0", "01:00.0": "vtd0"}
    assert units_of("dmar\ndrhd base=0xfed90000\n  scope endpoint bus=0 path=1c.0\n" + rest) == \
        {"00:00.0": "vtd1", "00:02.0": "vtd1", "00:1c.0": "vtd0", "01:00.0": "vtd1"}
    assert units_of("dmar\ndrhd base=0xfed90000\n  scope endpoint bus=0 path=02.0\n") == \
        {"00:00.0": "", "00:02.0": "vtd0", "00:1c.0": "", "01:00.0": ""}


@test
def running_machine_of_the_other_vendor():
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR)
        os.remove(folder.path + "/firmware/acpi/tables/DMAR")
        folder.table("firmware/acpi/tables/IVRS", "ivrs ivinfo=0x203041 revision=2\n"
                     "ivhd type=0x10 device=0x0002 base=0xfeb80000\n  start device=0x0010\n  end device=0x00ff\n"
                     "  select device=0x0100 as=0x00e5\n"
                     "ivmd type=0x22 flags=7 device=0x0010 last=0x0017 start=0x80000000 size=0x1000\n")
        functions = {function["address"][5:]: function for function in report("--sys=" + folder.path)["functions"]}
        assert {address: function["unit"] for address, function in functions.items()} == \
            {"00:00.0": "", "00:02.0": "amdvi0", "00:1c.0": "amdvi0", "01:00.0": "amdvi0"}
        # A conventional bridge takes requests over; firmware adds its alias.
        assert functions["01:00.0"]["requester_ids"] == ["0000:01:00.0", "0000:00:1c.0", "0000:00:1c.5"]
        assert functions["00:02.0"]["requester_ids"] == ["0000:00:02.0"]
        assert functions["00:02.0"]["reserved"] == [
            {"start": "0x80000000", "end": "0x80001000", "read": True, "write": True}]
        assert functions["00:1c.0"]["reserved"] == [] and "group" not in functions["00:00.0"]
        assert functions["00:00.0"]["group_kind"] == "no-unit"
        # The bridge's group: who is behind it shares its id.
        assert functions["01:00.0"]["group_kind"] == "behind-bridge"
        assert functions["01:00.0"]["group_because"] == "0000:00:1c.0"


@test
def running_machine_with_faults():
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR.replace("0x80000000 limit=0x8fffffff", "0x40000000 limit=0x400fffff"))
        found = report("--sys=" + folder.path, status=1)
        assert any("rmrr" in name and "ram" in name for name in ids(found)), ids(found)


@test
def units_of_the_running_system():
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR.replace("flags=0x4", "flags=0x5").replace(
            "flags=1\n", "flags=1\n  scope ioapic id=2 bus=0xf0 path=1f.0\n"))
        # Whether the system uses them is not known.
        found = report("--sys=" + folder.path)
        assert ids(found) == set(), ids(found)
        os.makedirs(folder.path + "/class/iommu")
        assert ids(report("--sys=" + folder.path, status=1)) == {"dma-opt-in-unused"}
        for number, ecap in ((0, "f0000a"), (1, "f00002")):     # the second without IR, bit 3
            for name, value in (("address", f"fed9{number}000"), ("cap", "d2008c222f0686"), ("ecap", ecap)):
                folder.file(f"class/iommu/dmar{number}/intel-iommu/{name}", value + "\n")
        found = report("--sys=" + folder.path, status=1)
        assert ids(found) == {"intremap-not-capable"}
        assert "0xfed91000" in [finding["what"] for finding in found["findings"] if finding["severity"] == "error"][0]
        folder.file("class/iommu/dmar1/intel-iommu/ecap", "f0000a\n")
        assert ids(report("--sys=" + folder.path, status=0)) == set()
        # AMD's drivers name no registers: enough to see that they are there.
        shutil.rmtree(folder.path + "/class/iommu")
        folder.file("class/iommu/ivhd0/amd-iommu/features", "0:29d3\n")
        assert ids(report("--sys=" + folder.path, status=0)) == set()


@test
def running_machine_without_a_memory_map():
    with Folder() as folder:
        os.makedirs(folder.path + "/firmware/acpi/tables")
        make_sysfs(folder, MACHINE_DMAR.replace("0x80000000 limit=0x8fffffff", "0x40000000 limit=0x400fffff"))
        shutil.rmtree(folder.path + "/firmware/memmap")
        out, err = run("--json", "--sys=" + folder.path)
        assert "memmap: no memory map" in err
        assert not any("ram" in name for name in ids(json.loads(out))), ids(json.loads(out))


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
