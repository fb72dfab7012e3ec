"""Disks for the fault rigs: one that is recorded block by block, images of what a power cut leaves of it, and one that
is small. All mounts are in a namespace of this process's own and go with it."""

import contextlib
import ctypes
import mmap
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
RECORD = struct.Struct(">cQQQ")
DISK_BYTES = 96 << 20
# What a disk writes whole or not at all.
SECTOR = 512
# Sectors of one write are kept with one of these chances, drawn anew for each cut.
KEPT = (0.0, 0.1, 0.5, 0.9, 1.0)
SEPARATED = "KEYWARD_RIG_SEPARATED"


def lacking(*programs):
    """What is missing to work with mounts, if anything."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        return f"not installed: {' '.join(missing)}"
    if os.geteuid() != 0:
        return "only root can mount"
    return ""


def separate():
    """Goes on in a mount namespace of its own, so that nothing stays mounted whatever happens."""
    if os.environ.get(SEPARATED) or lacking("unshare", "mount"):
        return
    tried = subprocess.run(["unshare", "--mount", "--propagation", "private", "true"], capture_output=True)
    if tried.returncode == 0:
        os.environ[SEPARATED] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])


def cannot_loop():
    """Why there are no loop devices here, if there are none."""
    with tempfile.TemporaryDirectory(prefix="keyward-loop-") as folder:
        image = pathlib.Path(folder) / "image"
        with open(image, "wb") as file:
            file.truncate(8 << 20)
        try:
            run("mkfs.ext4", "-q", "-F", image)
            with mounted(image, pathlib.Path(folder) / "disk", "-o", "loop"):
                return ""
        except OSError as why:
            return str(why)


def run(*arguments, good=(0,)):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if done.returncode not in good:
        raise OSError(f"{' '.join(map(str, arguments))}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def mounted(what, where, *options):
    where.mkdir(exist_ok=True)
    run("mount", *options, what, where)
    try:
        yield where
    finally:
        unmount(where)


def unmount(where):
    """A process that just ended may hold it for a moment."""
    for _ in range(50):
        if subprocess.run(["umount", where], capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    run("umount", "--lazy", where)


@contextlib.contextmanager
def small(where, size):
    """A file system in memory of so many bytes."""
    with mounted("tmpfs", where, "-t", "tmpfs", "-o", f"size={size},mode=0700"):
        yield where


@contextlib.contextmanager
def recorded(scratch, where, log):
    """ext4 on a disk that writes down each write and flush in `log`. Writes of the unmounting are in it too."""
    device = scratch / "device"
    device.touch()
    server = subprocess.Popen(
        ["nbdfuse", device, "--command", "nbdkit", "-s", "python", HERE / "block_recorder.py", f"log={log}",
         f"size={DISK_BYTES}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
    try:
        until = time.monotonic() + 20
        while device.stat().st_size != DISK_BYTES:
            if server.poll() is not None or time.monotonic() > until:
                raise OSError("the recording disk does not start")
            time.sleep(0.05)
        run("mkfs.ext4", "-q", "-F", "-b", 4096, "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", device)
        with mounted(device, where, "-o", "loop,nodiscard"):
            yield where
    finally:
        with contextlib.suppress(OSError):
            unmount(device)
        server.terminate()
        server.wait(20)


def end_with_parent():
    """A recorder that outlived its rig would keep its memory and its mount."""
    ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)


class Record:
    """What was written down: (kind, monotonic ns, offset, length, where the bytes are)."""

    def __init__(self, log):
        with open(log, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.requests, place = [], 0
        while place < len(self.bytes):
            kind, at, offset, length = RECORD.unpack_from(self.bytes, place)
            place += RECORD.size
            self.requests.append((kind, at, offset, length, place))
            place += length if kind == b"W" else 0

    def after(self, at):
        """How many requests came before this moment."""
        low, high = 0, len(self.requests)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.requests[middle][1] < at else (low, middle)
        return low

    def count(self, kind):
        return sum(request[0] == kind for request in self.requests)


class Cutter:
    """Images of the disk at cuts, each later than the one before: what was flushed is kept, of the rest anything."""

    def __init__(self, record, scratch):
        self.record, self.place = record, 0
        self.safe, self.image = scratch / "safe.image", scratch / "cut.image"
        self.waiting = []
        with open(self.safe, "wb") as file:
            file.truncate(DISK_BYTES)

    def cut(self, place, chance):
        """The image after the first `place` requests. Returns it, and how many writes were kept, torn and lost."""
        with open(self.safe, "r+b") as safe:
            for kind, _, offset, length, begin in self.record.requests[self.place:place]:
                if kind == b"W":
                    self.waiting.append((offset, length, begin))
                else:
                    [self.write(safe, *one) for one in self.waiting]
                    self.waiting = []
        self.place = place
        run("cp", "--sparse=always", self.safe, self.image)
        sums = {"kept": 0, "torn": 0, "lost": 0}
        with open(self.image, "r+b") as image:
            kept = chance.choice(KEPT)
            for offset, length, begin in self.waiting:
                sums[self.keep_some(image, offset, length, begin, kept, chance)] += 1
        return self.image, sums

    def write(self, file, offset, length, begin):
        file.seek(offset)
        file.write(self.record.bytes[begin:begin + length])

    def keep_some(self, image, offset, length, begin, kept, chance):
        """Whole, or not at all, or in part; what of the part is there is anybody's guess."""
        if chance.random() < 0.3 and length > SECTOR:
            sectors = [at for at in range(0, length, SECTOR) if chance.random() < kept]
            for at in sectors:
                self.write(image, offset + at, min(SECTOR, length - at), begin + at)
            whole = len(sectors) * SECTOR >= length
            return "kept" if whole else "torn" if sectors else "lost"
        if chance.random() < kept:
            self.write(image, offset, length, begin)
            return "kept"
        return "lost"


@contextlib.contextmanager
def after_cut(image, where):
    """The image as the next start of the machine mounts it."""
    with mounted(image, where, "-o", "loop,nodiscard"):
        yield where
