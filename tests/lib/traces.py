"""Looks for what must not be found: a secret, in every spelling that software gives it."""

import base64
import mmap
import pathlib
import struct

# A piece this long is found by chance once in 2^64 tries per place.
PIECE = 12


def base64_pieces(secret):
    """What of its base64 does not depend on its neighbours, for each of the three alignments, in both alphabets."""
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + secret)
        start, end = (4 if lead else 0), len(text) - 4
        for spelled in {text[start:end], text[start:end].replace(b"+", b"-").replace(b"/", b"_")}:
            yield f"base64 at {lead}", spelled


def limbs(secret):
    """As big numbers keep it: words turned around, and all of it."""
    if len(secret) % 8 == 0:
        for size, code in ((8, "Q"), (4, "I")):
            count = len(secret) // size
            turned = struct.pack(f"<{count}{code}", *struct.unpack(f">{count}{code}", secret))
            yield f"words of {size}", turned
    yield "turned around", secret[::-1]


def spellings(secret, numbers=False):
    """(how, bytes): of long secrets the beginning, so that a part is found too."""
    yield "raw", secret[:16]
    if len(secret) >= 32:
        yield "raw, second half", secret[16:32]
    yield "hex", secret[:16].hex().encode()
    yield "HEX", secret[:16].hex().upper().encode()
    yield from base64_pieces(secret[:24])
    if numbers:
        yield from ((how, made[:16]) for how, made in limbs(secret))


def stretches(data, page=1 << 16):
    """Where there is something: (begin, end), with neighbouring pages joined."""
    zeros, begin = bytes(page), None
    for at in range(0, len(data), page):
        blank = data[at : at + page] == zeros
        if blank and begin is not None:
            yield begin, at
            begin = None
        elif not blank and begin is None:
            begin = at
    if begin is not None:
        yield begin, len(data)


class Traces:
    def __init__(self):
        self.patterns = []

    def add(self, what, secret, numbers=False):
        if len(secret) < PIECE:
            raise ValueError(f"{what} is too short to be told from chance")
        self.patterns += [(what, how, made) for how, made in spellings(secret, numbers)]

    def without(self, kinds):
        """The same, without what begins with one of these words."""
        fewer = Traces()
        fewer.patterns = [p for p in self.patterns if not p[0].startswith(tuple(kinds))]
        return fewer

    def search(self, data, most=3):
        """(what, how, offset, surroundings): at most `most` of each."""
        found = []
        for what, how, made in self.patterns:
            at = data.find(made)
            for _ in range(most):
                if at < 0:
                    break
                found.append((what, how, at, bytes(data[max(at - 96, 0) : at + 96])))
                at = data.find(made, at + 1)
        return found

    def search_file(self, path):
        """Passes over stretches of zeros, which are most of a core. The rest is searched as one piece each."""
        if not pathlib.Path(path).stat().st_size:
            return []
        found = []
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for begin, end in stretches(data):
                found += [(what, how, begin + at, around) for what, how, at, around in self.search(data[begin:end])]
        return found


class Memory:
    """The memory of a live process, as root reads it."""

    BYTES = 1 << 24

    def __init__(self, pid):
        self.pid, self.read = pid, 0
        self.lines = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
        self.given, self.refused = set(), set()

    def regions(self):
        for line in self.lines:
            span, access, *_ = line.split()
            if access.startswith("r") and "[vvar" not in line and "[vsyscall]" not in line:
                yield line, *(int(end, 16) for end in span.split("-"))

    def search(self, wanted):
        """(what, how, address, surroundings). What cannot be read is remembered as refused."""
        found, self.read = [], 0
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            for line, begin, end in self.regions():
                for at in range(begin, end, self.BYTES):
                    try:
                        memory.seek(at)
                        # A little of the next piece, so that nothing hides across two.
                        data = memory.read(min(self.BYTES + 64, end - at))
                    except OSError:
                        self.refused.add(line)
                        continue
                    self.given.add(line)
                    self.read += len(data)
                    for first, last in stretches(data):
                        found += [(what, how, at + first + where, around)
                                  for what, how, where, around in wanted.search(data[first:last])]
        return found


class Core:
    """Which address an offset in a core file stands for."""

    def __init__(self, path):
        with open(path, "rb") as file:
            head = file.read(64)
            table, count = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
            file.seek(table)
            raw = file.read(56 * count)
        self.parts = []
        for at in range(0, len(raw), 56):
            kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", raw, at)
            if kind == 1:
                self.parts.append((offset, offset + size, address))

    def address(self, offset):
        for begin, end, address in self.parts:
            if begin <= offset < end:
                return address + offset - begin
        return None


def shown(found, place):
    """Lines for people: where, what, and what stands around it."""
    for what, how, at, around in found:
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in around)
        yield f"{place}+{at:#x}: {what}, {how}: {text}"
