# SPDX-License-Identifier: BSD-2-Clause
"""Somebody at the machine: types on the serial line or on the keyboard, looks
at the screen, and switches the machine off.
"""
import codecs
import json
import re
import socket
import threading
import time

PROMPT = "> "
GLYPH_WIDTH, GLYPH_HEIGHT = 8, 16
KEY_NAMES = {" ": "spc", "\n": "ret", "-": "minus", "/": "slash", ",": "comma", ".": "dot",
             "=": "equal"}
SHIFTED = {">": "dot", "*": "8", "_": "minus", ":": "semicolon"}


def serial_args(scratch):
    return ["-serial", f"unix:{scratch}/serial.sock,server=on,wait=on"]


def monitor_args(scratch):
    return ["-qmp", f"unix:{scratch}/operator.sock,server=on,wait=off"]


def connect(path):
    for _ in range(200):
        try:
            link = socket.socket(socket.AF_UNIX)
            link.connect(str(path))
            return link
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"QEMU does not answer on {path}")


class Operator:
    def __init__(self, scratch, process, patience):
        self.scratch, self.process, self.patience = scratch, process, patience
        self.serial = connect(scratch / "serial.sock")
        self.reads = True
        self.reader = threading.Thread(target=self.drain, daemon=True)
        self.reader.start()
        self.monitor = connect(scratch / "operator.sock").makefile("rw")
        self.monitor.readline()
        self.ask("qmp_capabilities")

    def drain(self):
        """QEMU stops at a serial line that nobody reads."""
        with open(self.scratch / "serial.txt", "ab", buffering=0) as log:
            while True:
                try:
                    data = self.serial.recv(4096)
                except OSError:
                    return
                if not data:
                    return
                log.write(data)
                while not self.reads:
                    time.sleep(0.05)

    def ask(self, command, **arguments):
        self.monitor.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.monitor.flush()
        while True:
            answer = json.loads(self.monitor.readline())
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']}")
            if "return" in answer:
                return

    def seen(self):
        log = self.scratch / "serial.txt"
        return log.read_text(errors="replace").replace("\r", "") if log.exists() else ""

    def wait(self, is_there):
        """True when is_there(text) came true before the run ended or the time was over."""
        while not self.patience.over():
            ended = self.process.poll() is not None
            if is_there(self.seen()):
                return True
            if ended:
                return False
            time.sleep(0.05)
        return False

    def type_serial(self, text):
        self.serial.sendall(text.encode() + b"\r")

    def type_slow(self, text):
        """Types TEXT of "SECONDS TEXT" and looks away so long: QEMU's end takes some 280 bytes, then waits."""
        seconds, text = text.split(" ", 1)
        self.reads = False
        self.type_serial(text)
        time.sleep(float(seconds))
        self.reads = True

    def type_raw(self, text):
        self.serial.sendall(codecs.decode(text, "unicode_escape").encode("latin-1"))

    def press(self, keys):
        self.ask("send-key", keys=[{"type": "qcode", "data": name} for name in keys], **{"hold-time": 20})
        time.sleep(0.05)

    def type_keyboard(self, text):
        for c in text + "\n":
            key = KEY_NAMES.get(c, SHIFTED.get(c, c.lower()))
            shift = ["shift"] if c in SHIFTED or c.isupper() else []
            self.press(shift + [key])

    def type_keys(self, text):
        for chord in text.split():
            self.press(chord.split("+"))

    def interrupt(self, text):
        """An NMI once the serial line has got text; the run's end tells where it never does."""
        if self.wait(lambda seen: text in seen):
            self.ask("inject-nmi")

    def take_picture(self, name):
        time.sleep(1)   # the screen is drawn after the serial line is sent
        self.ask("screendump", filename=str(self.scratch / f"{name}.ppm"))
        (self.scratch / f"{name}.txt").write_text(self.seen())

    def leave(self):
        """The machine is off: everything that it sent is in the file."""
        self.reader.join(5)

    def enter(self, lines):
        """Each line when the shell asks for it; those called early at once, before the kernel runs."""
        prompts = 1
        for number, line in enumerate(lines, 1):
            how, text = line.split(" ", 1)
            if how not in ("early", "nmi") and not self.wait(lambda seen: seen.count("\n" + PROMPT) >= prompts):
                return [f"the shell did not ask for input {number}: {line}"]
            {"early": self.type_serial, "serial": self.type_serial, "slow": self.type_slow, "raw": self.type_raw,
             "keyboard": self.type_keyboard, "keys": self.type_keys, "picture": self.take_picture,
             "nmi": self.interrupt}[how](text)
            prompts += lines_in(how, text)
        return []

    def look(self):
        """The halted machine's screen as rows of cells, then the machine is switched off."""
        if not self.wait(lambda seen: "halted\n" in seen):
            return None
        time.sleep(1)   # the screen is drawn after the serial line is sent
        picture = self.scratch / "screen.ppm"
        self.ask("screendump", filename=str(picture))
        cells = read_cells(picture)
        self.ask("quit")
        return cells


def lines_in(how, text):
    """How many prompts follow what is typed."""
    if how in ("picture", "nmi"):
        return 0
    if how == "raw":
        return len(re.findall(r"\\r|\\x03", text))
    if how == "keys":
        return len([chord for chord in text.split() if chord in ("ret", "ctrl+c")])
    return 1


def read_cells(picture):
    """A binary PPM as text cells: for each, the set of lit pixels as a number."""
    data = picture.read_bytes()
    magic, size, _, pixels = data.split(b"\n", 3)
    if magic != b"P6":
        raise RuntimeError(f"{picture}: not a binary PPM")
    width, height = (int(part) for part in size.split())
    lit = [any(pixels[3 * i:3 * i + 3]) for i in range(width * height)]
    rows = []
    for top in range(0, height - GLYPH_HEIGHT + 1, GLYPH_HEIGHT):
        row = []
        for left in range(0, width - GLYPH_WIDTH + 1, GLYPH_WIDTH):
            bits = 0
            for y in range(top, top + GLYPH_HEIGHT):
                for pixel in lit[y * width + left:y * width + left + GLYPH_WIDTH]:
                    bits = bits << 1 | pixel
            row.append(bits)
        rows.append(row)
    return rows


def compare(cells, text):
    """
    The screen shows the end of what the serial line got: every character has
    one shape wherever it stands, no two share one, a blank is empty.
    """
    columns = len(cells[0])
    lines = []
    for line in text.split("\n"):
        lines += [line[at:at + columns] for at in range(0, len(line), columns)] or [""]
    return compare_lines(cells, [line.ljust(columns) for line in lines[-len(cells):]])


def compare_refusal(cells, text):
    """The first row begins with the line that says why the run ended."""
    lines = [line for line in text.split("\n") if line.startswith(("Bail out!", "boot: "))]
    return compare_lines(cells, lines[:1]) if lines else ["no line says why the run ended"]


def compare_lines(cells, lines):
    shapes = {" ": 0}
    for row, line in zip(cells, lines):
        for c, shape in zip(line, row):
            if shapes.setdefault(c, shape) != shape:
                return [f"screen: {c!r} in {line!r} has another shape than elsewhere"]
    if len(set(shapes.values())) != len(shapes):
        return ["screen: two characters look the same"]
    if len(shapes) < 20:
        return [f"screen: only {len(shapes)} characters are there"]
    return []
