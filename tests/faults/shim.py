"""Builds and steers tests/faults/shim.c, which fails chosen calls of a server on its files."""

import errno
import mmap
import pathlib
import shutil
import struct
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent / "shim.c"
OPEN, READ, WRITE, SYNC, TRUNCATE, REMOVE = 1, 2, 4, 8, 16, 32
# `struct control` of shim.c.
CONTROL = struct.Struct("=IIQQQQIIQ32s256s")
KILL = 9999  # In place of an error: the process ends before the call
NAMES = {errno.EIO: "EIO", errno.ENOSPC: "ENOSPC"}


def lacking():
    return "" if shutil.which("cc") else "not installed: cc"


class Shim:
    def __init__(self, scratch):
        self.library, self.file = scratch / "faults.so", scratch / "faults.control"
        if not self.library.exists():
            subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", self.library, SOURCE, "-ldl",
                            "-pthread"], check=True)
        self.file.write_bytes(bytes(CONTROL.size))
        with open(self.file, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), CONTROL.size)

    def environment(self, folder):
        return {"LD_PRELOAD": str(self.library), "FAULT_FILES": str(folder), "FAULT_CONTROL": str(self.file)}

    def lies(self, folder):
        """From now on no sync does anything."""
        self.set(lie=1)
        return self.environment(folder)

    def killing(self, folder, skip):
        """The environment of a process that is killed at the first call after so many that make something durable."""
        self.set(operations=SYNC | REMOVE, error=KILL, skip=skip, times=1)
        return self.environment(folder)

    def set(self, operations=0, error=0, skip=0, times=0, lie=0, half=0, only=""):
        """Steers the calls from now on; counts begin at nothing."""
        self.control[0:4] = bytes(4)
        settings = CONTROL.pack(0, error, skip, times, 0, 0, lie, half, 0, only.encode(), b"")
        self.control[4:] = settings[4:]
        self.control[0:4] = struct.pack("=I", operations)

    def told(self):
        """How many calls were seen, how many failed, how many bytes were taken back, and the last failed call."""
        _, _, _, _, seen, struck, _, _, taken, _, last = CONTROL.unpack(self.control[:])
        return seen, struck, taken, last.rstrip(b"\0").split(b"\0")[0].decode()
