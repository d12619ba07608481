# SPDX-License-Identifier: BSD-2-Clause
"""A machine stopped at the kernel's first instruction, through QEMU's debug port: what firmware has written by
then is changed, as firmware with a defect would have left it.
"""
import struct

XEN_PHYS32_ENTRY = 18


def args(scratch):
    return ["-S", "-gdb", f"unix:{scratch}/gdb.sock,server=on,wait=off"]


def pvh_entry(elf):
    """The physical address that the image's PVH note names."""
    data = elf.read_bytes()
    at = data.find(struct.pack("<III", 4, 4, XEN_PHYS32_ENTRY) + b"Xen\0")
    if at < 0:
        raise RuntimeError(f"{elf} has no PVH note")
    return struct.unpack_from("<I", data, at + 16)[0]


class Debugger:
    def __init__(self, link):
        self.link = link.makefile("rwb")

    def ask(self, text):
        """Sends a packet; the answer to it."""
        self.link.write(f"${text}#{sum(text.encode()) & 0xff:02x}".encode())
        self.link.flush()
        return self.answer()

    def answer(self):
        """The next packet, acknowledged."""
        while self.link.read(1) != b"$":
            pass
        text = bytearray()
        while (byte := self.link.read(1)) != b"#":
            text += byte
        self.link.read(2)
        self.link.write(b"+")
        self.link.flush()
        return text.decode()

    def run_to(self, address):
        for packet, wanted in ((f"Z1,{address:x},1", "OK"), ("c", "T05"), (f"z1,{address:x},1", "OK")):
            seen = self.ask(packet)
            if not seen.startswith(wanted):
                raise RuntimeError(f"debugger: {packet}: seen {seen!r}, expected {wanted}")

    def read(self, address, count):
        data = b""
        while len(data) < count:
            data += bytes.fromhex(self.ask(f"m{address + len(data):x},{min(512, count - len(data)):x}"))
        return data

    def write(self, address, data):
        if self.ask(f"M{address:x},{len(data):x}:{data.hex()}") != "OK":
            raise RuntimeError(f"debugger: cannot write at {address:#x}")

    def table(self, signature):
        """The address of the first ACPI table with that signature, found through the RSDP as the kernel does."""
        area = self.read(0xe0000, 0x20000)
        rsdp = next(at for at in range(0, len(area), 16) if area[at:at + 8] == b"RSD PTR ")
        rsdt = struct.unpack_from("<I", area, rsdp + 16)[0]
        length = struct.unpack_from("<I", self.read(rsdt, 8), 4)[0]
        for address in struct.unpack(f"<{(length - 36) // 4}I", self.read(rsdt + 36, length - 36)):
            if self.read(address, 4) == signature:
                return address
        raise RuntimeError(f"debugger: no {signature} table")

    def go_on(self):
        self.ask("D")
