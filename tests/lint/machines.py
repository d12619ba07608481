# SPDX-License-Identifier: BSD-2-Clause
"""The host tool on a running machine, whose /sys is made here: tables, memory map, functions, units, groups."""
import json
import os
import shutil
import struct
import subprocess

from tool import LINT, SOUND_APIC, Folder, Skip, ids, report, run, test


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
