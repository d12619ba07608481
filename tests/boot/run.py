#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boot tests: runs the image on emulated machines and judges what it printed.

usage: run.py --build FOLDER [--newer TREE | --no-newer REASON] [--jobs N] [--keep] [--nightly] [NAME...]

Each file tests/boot/*.boot describes one machine, as lines "key: value":

  qemu:     7.2 (the distribution's, default) | newer | both
  boot:     pvh (default) | bios | uefi | usb-bios | usb-uefi | uefi-app | uefi-shell
  memory:   256M, 6G (default)       smp: 1 (default)
  time:     icount (default) | real
  devices:  main (default: what make run has) | none
  iommu:    the -device line's value; "none" for a machine without one
  board:    q35 (default) or another machine type with its options
  acpi:     a firmware table as text (tests/fixtures/table_text.h), added to the machine's own
  file:     "NAME HEX...": bytes for a file in the run's own folder
  args:     further QEMU arguments, {scratch} is that folder (may be given several times)
  append:   the kernel's command line
  status:   the kernel's exit status: 0 (default), 1, 2; or qemu=N for QEMU's own
  timeout:  seconds (default 120)
  when:     always (default) | nightly: only with --nightly, or by name
  see:      a regular expression that some line must match (several times; in any order)
  not:      one that no line may match
  check:    a further check by name (checks.py)
  before:   something done to the machine before it runs, by name (before.py)
  input:    what is done when the shell asks (several times): "serial TEXT" or "keyboard TEXT": a line
            typed there; "slow SECONDS TEXT": the same, and nobody reads the answer so long;
            "raw TEXT": bytes for the serial line, \\r and \\x1b as in Python, no return;
            "keys NAME...": keys by QEMU's names, "ctrl+a" two at once; "early TEXT": a line on the
            serial line as soon as QEMU runs; "nmi TEXT": an NMI as soon as that is on the serial line;
            "picture NAME": the screen into NAME.ppm, what the serial line had got by then into NAME.txt
  needs:    a program of the host, without which the run is skipped
  screen:   what the halted machine shows: text (as the serial line) | refusal (in the first row)

Output is TAP, then one line of totals. What a failed run printed is kept
under FOLDER/boot-tests/NAME/, or NAME-newer/.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
import before  # noqa: E402
import checks  # noqa: E402
import operator_console  # noqa: E402
import patience  # noqa: E402

EXIT_TO_QEMU = {"0": 1, "1": 3, "2": 5}
MANY = {"args", "see", "not", "check", "input", "file"}
KEYS = MANY | {"qemu", "boot", "memory", "smp", "time", "devices", "iommu", "append", "status",
               "timeout", "before", "board", "screen", "acpi", "when", "needs"}


class Machine:
    """One .boot file."""

    @property
    def attended(self):
        return bool(self.get("input") or self.get("screen"))

    def __init__(self, path):
        self.name = path.stem
        self.values = {key: [] for key in MANY}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            key, colon, value = line.partition(":")
            if not colon or key not in KEYS:
                raise SystemExit(f"{path}:{number}: unknown key in {line!r}")
            if key in MANY:
                self.values[key].append(value.strip())
            else:
                self.values[key] = value.strip()

    def get(self, key, default=""):
        return self.values.get(key, default)


def disk(path, first):
    """2 MiB of decimal numbers: nowhere constant, the same every time."""
    text = bytearray()
    while len(text) < 2 << 20:
        text += b"%d\n" % first
        first += 1
    path.write_bytes(text[:2 << 20])


def devices_main(scratch):
    """The devices of "make run" (tools/run.sh)."""
    disk(scratch / "disk.img", 1000000)
    disk(scratch / "scratch.img", 2000000)
    return f"""
        -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffff
        -device pcie-pci-bridge,addr=5,id=pci1 -device edu,bus=pci1,addr=2,dma_mask=0xffffffffffffffff
        -drive if=none,id=scratch,format=raw,file={scratch}/scratch.img
        -device nvme,addr=6,drive=scratch,serial=SCRATCH
        -device pcie-root-port,addr=7,id=port1,chassis=1
        -drive if=none,id=disk,format=raw,file={scratch}/disk.img
        -device nvme,bus=port1,drive=disk,serial=DISK"""


def firmware(scratch):
    for name in ("OVMF_CODE_4M.fd", "OVMF_CODE.fd"):
        code = pathlib.Path("/usr/share/OVMF") / name
        if code.exists():
            shutil.copy(str(code).replace("CODE", "VARS"), scratch / "vars.fd")
            return (f"-drive if=pflash,unit=0,format=raw,readonly=on,file={code} "
                    f"-drive if=pflash,unit=1,format=raw,file={scratch}/vars.fd")
    raise SystemExit("no OVMF under /usr/share/OVMF (package ovmf)")


def firmware_table(name, build, scratch):
    """The table that tests/boot/NAME describes, as a file."""
    out = scratch / (name + ".bin")
    subprocess.run([str(build / "host/build_table"), str(HERE / name), str(out)], check=True)
    return out


def image(build, scratch, append, door):
    """An ISO or EFI disk of its own, whose command line is append."""
    if door == "uefi-app":
        out = scratch / "run-efi.img"
        names = [f"EFI_IMAGE={out}", f"EFI_CMDLINE={scratch}/cmdline.txt"]
    else:
        out = scratch / "run.iso"
        names = [f"ISO={out}", f"MENU={scratch}/grub.cfg"]
    subprocess.run(["make", "-s", "-C", str(ROOT), f"BUILD={build}", f"APPEND={append}", *names, str(out)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return out


def shell_disk(build, scratch, append):
    """A disk whose UEFI shell script starts the application: the command line is its load options."""
    out = scratch / "shell.img"
    (scratch / "startup.nsh").write_text(f"fs0:\r\niommukit.efi {append}\r\n")
    for tool in (["mformat", "-C", "-i", out, "-T", "32768", "-h", "16", "-s", "63", "::"],
                 ["mcopy", "-i", out, scratch / "startup.nsh", build / "iommukit.efi", "::"]):
        subprocess.run(tool, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "MTOOLS_SKIP_CHECK": "1"})
    return out


def door_args(machine, build, scratch, append):
    door = machine.get("boot", "pvh")
    if door == "pvh":
        return ["-kernel", str(build / "iommukit.elf"), "-append", append]
    out = (shell_disk if door == "uefi-shell" else partial(image, door=door))(build, scratch, append=append)
    args = {
        "bios": f"-cdrom {out} -boot d",
        "uefi": f"-cdrom {out} -boot d",
        "usb-bios": f"-drive if=none,id=stick,format=raw,readonly=on,file={out} -device qemu-xhci,addr=1d "
                    "-device usb-storage,drive=stick,bootindex=0",
        "usb-uefi": f"-drive if=none,id=stick,format=raw,readonly=on,file={out} -device qemu-xhci,addr=1d "
                    "-device usb-storage,drive=stick,bootindex=0",
        "uefi-app": f"-drive if=ide,format=raw,file={out}",
        "uefi-shell": f"-drive if=ide,format=raw,file={out}",
    }[door]
    if "uefi" in door:
        args += " " + firmware(scratch)
    return shlex.split(args)


def command(machine, build, scratch, tree):
    qemu = [str(ROOT / "tools/qemu.sh"), tree]
    timing = ["-icount", "shift=0,sleep=off"] if machine.get("time", "icount") == "icount" else []
    iommu = machine.get("iommu", "intel-iommu,intremap=on,aw-bits=48")
    append = machine.get("append", "")
    args = ["-machine", machine.get("board", "q35"), "-accel", "tcg", *timing, "-smp", machine.get("smp", "1"),
            "-m", machine.get("memory", "6G"), "-nodefaults", "-display", "none",
            "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if machine.attended:
        args += operator_console.serial_args(scratch) + operator_console.monitor_args(scratch)
    else:
        args += ["-serial", f"file:{scratch}/serial.txt"]
    if machine.get("board", "q35").startswith("q35"):
        args += ["-vga", "std"]
    if iommu != "none":
        args += ["-device", iommu]
    if machine.get("devices", "main") == "main":
        args += shlex.split(devices_main(scratch))
        append = f"scratch=0000:00:06.0 {append}".strip()
    for line in machine.get("file"):
        name, _, digits = line.partition(" ")
        (scratch / name).write_bytes(bytes.fromhex(digits))
    if machine.get("acpi"):
        args += ["-acpitable", f"file={firmware_table(machine.get('acpi'), build, scratch)}"]
    for extra in machine.get("args"):
        args += shlex.split(extra.format(scratch=scratch, build=build))
    return qemu + args + door_args(machine, build, scratch, append)


def judge(machine, status, text, scratch):
    """What is wrong with a run, as a list of lines; empty when nothing is."""
    wanted = machine.get("status", "0")
    wanted = int(wanted[5:]) if wanted.startswith("qemu=") else EXIT_TO_QEMU[wanted]
    wrong = []
    if status != wanted:
        wrong.append(f"QEMU's status: seen {status}, expected {wanted}")
    # QEMU's status is that of a good run when it refuses its arguments, too.
    if wanted == EXIT_TO_QEMU["0"] and not re.search(r"^# iommukit", text, re.M):
        wrong.append("the kernel printed nothing")
    for pattern in machine.get("see"):
        if not re.search(pattern, text, re.M):
            wrong.append(f"no line matches: {pattern}")
    for pattern in machine.get("not"):
        found = re.search(pattern, text, re.M)
        if found:
            wrong.append(f"a line matches {pattern}: {found.group(0)!r}")
    for name in machine.get("check"):
        wrong += getattr(checks, name)(text, scratch)
    return wrong


def attend(machine, scratch, process):
    """Does what the machine's file says somebody does there; returns (wrong, operator)."""
    if not machine.attended:
        return [], None
    seconds = float(machine.get("timeout", "120"))
    operator = operator_console.Operator(scratch, process, patience.Patience(seconds))
    wrong = operator.enter(machine.get("input"))
    if machine.get("screen"):
        cells = operator.look()
        compare = {"text": operator_console.compare, "refusal": operator_console.compare_refusal}
        wrong += (compare[machine.get("screen")](cells, operator.seen()) if cells
                  else ["the machine did not halt"])
    return wrong, operator


def keep_awake(scratch, process):
    """
    Asks QEMU for its status now and then. Quirk qemu-icount-sleeps (seen on
    11.1): under -icount with sleep=off a processor that halted at the moment a
    disk answered may stay halted until something wakes QEMU's main loop.
    """
    try:
        link = operator_console.connect(scratch / "awake.sock").makefile("rw")
        link.readline()
        link.write('{"execute": "qmp_capabilities"}\n')
        while process.poll() is None:
            link.write('{"execute": "query-status"}\n')
            link.flush()
            link.readline()
            time.sleep(0.25)
    except (OSError, RuntimeError):
        pass    # the run has ended


def kept_folder(machine, build, tree):
    return build / "boot-tests" / (machine.name if tree == "system" else machine.name + "-newer")


def boot(machine, build, tree, keep):
    """Runs one machine on one QEMU; returns (wrong, seconds)."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="iommukit-boot-"))
    began = time.monotonic()
    attended = []
    try:
        args = command(machine, build, scratch, tree)
        for name in machine.get("check"):
            args += getattr(checks, name + "_args", lambda _: [])(scratch)
        prepare = getattr(before, machine.get("before"), None) if machine.get("before") else None
        if prepare is not None:
            args += getattr(before, machine.get("before") + "_args", before.socket_args)(scratch)
        args += ["-qmp", f"unix:{scratch}/awake.sock,server=on,wait=off"]
        with open(scratch / "qemu.txt", "wb") as log:
            process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
            threading.Thread(target=keep_awake, args=(scratch, process), daemon=True).start()
            try:
                if prepare is not None:
                    prepare(scratch, build / "iommukit.elf")
                attended, operator = attend(machine, scratch, process)
                status = patience.wait_for_end(process, float(machine.get("timeout", "120")))
                if status is None:
                    status = "none, timed out"
                elif operator:
                    operator.leave()
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, 9)
                    process.wait()
        serial = scratch / "serial.txt"
        text = serial.read_text(errors="replace").replace("\r", "") if serial.exists() else ""
        wrong = attended + judge(machine, status, text, scratch)
        if wrong or keep:
            kept = kept_folder(machine, build, tree)
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir(parents=True)
            (kept / "command.txt").write_text(shlex.join(args) + "\n")
            for path in [scratch / name for name in ("serial.txt", "qemu.txt", "trace.txt")] + list(scratch.glob("*.ppm")):
                if path.exists():
                    shutil.copy(path, kept / path.name)
        return wrong, time.monotonic() - began
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def jobs_of(machines, newer, no_newer):
    """(title, machine, tree, why it is skipped or "") for each run."""
    for machine in machines:
        which = machine.get("qemu", "7.2")
        needs = machine.get("needs")
        absent = f"there is no {needs}" if needs and not shutil.which(needs) else ""
        if which in ("7.2", "both"):
            yield f"boot/{machine.name}", machine, "system", absent
        if which in ("newer", "both"):
            yield f"boot/{machine.name}:newer-qemu", machine, newer, absent or no_newer


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--newer", default="")
    parser.add_argument("--no-newer", default="")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--nightly", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    build = options.build.resolve()
    machines = [Machine(path) for path in sorted(HERE.glob("*.boot"))]
    if options.names:
        unknown = sorted(set(options.names) - {m.name for m in machines})
        if unknown:
            raise SystemExit(f"run.py: no boot test {', '.join(unknown)}; there are "
                             + ", ".join(m.name for m in machines))
        machines = [m for m in machines if m.name in options.names]
    else:
        machines = [m for m in machines if (m.get("when") == "nightly") == options.nightly]
    if not options.newer and not options.no_newer:
        options.no_newer = "no newer QEMU was given"
    runs = list(jobs_of(machines, options.newer, options.no_newer))
    if not runs:
        raise SystemExit("run.py: no such boot test")

    print("TAP version 14", flush=True)
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = [None if skip else pool.submit(boot, machine, build, tree, options.keep)
                   for _, machine, tree, skip in runs]
        for number, ((title, machine, tree, skip), future) in enumerate(zip(runs, futures), 1):
            if future is None:
                skipped += 1
                print(f"ok {number} - {title} # SKIP {skip}", flush=True)
                continue
            wrong, seconds = future.result()
            if wrong:
                failed += 1
                print(f"not ok {number} - {title} # time={seconds:.1f}s\n  ---")
                for line in wrong:
                    print(f"  - {line}")
                print(f"  see: {kept_folder(machine, build, tree)}\n  ...", flush=True)
            else:
                passed += 1
                print(f"ok {number} - {title} # time={seconds:.1f}s", flush=True)
    print(f"1..{len(runs)}\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
