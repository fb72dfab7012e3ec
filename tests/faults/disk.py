"""Disks for the fault rigs: one that is recorded block by block, images of what a power cut leaves of it, and one that
is small. All mounts are in a namespace of this process's own and go with it."""

import bisect
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
# What a disk writes whole or not at all, in bytes.
SECTOR = 512
# ext4 is not mounted with a torn superblock, whose checksum is wrong then, until e2fsck has taken a copy of it (a small disk has
# none). What of Keyward's survives is what is asked here, so this block is written whole or not at all.
SUPERBLOCK = range(0, 4096)
# Of what was not flushed each write is kept with one of these chances, drawn anew for each cut.
KEPT = (0.0, 0.1, 0.5, 0.9, 1.0)
SEPARATED = "KEYWARD_RIG_SEPARATED"


def lacking(*programs):
    """What is missing to work with mounts, if anything. Asked after `separate`."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        return f"not installed: {' '.join(missing)}"
    return "" if os.environ.get(SEPARATED) else "no mount namespace can be made"


def separate():
    """Goes on in a mount namespace of its own, so that nothing stays mounted whatever happens."""
    if os.environ.get(SEPARATED) or not shutil.which("unshare"):
        return
    way = ["unshare", "--mount", "--propagation", "private"]
    way += [] if os.geteuid() == 0 else ["--map-root-user"]
    if subprocess.run([*way, "true"], capture_output=True).returncode == 0:
        os.environ[SEPARATED] = "1"
        os.execvp("unshare", [*way, sys.executable, *sys.argv])


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


def small(kind, where, size):
    """A file system of so many bytes: in memory, or ext4."""
    if kind == "tmpfs":
        return mounted("tmpfs", where, "-t", "tmpfs", "-o", f"size={size},mode=0700")
    image = where.with_suffix(".image")
    with open(image, "wb") as file:
        file.truncate(size)
    run("mkfs.ext4", "-q", "-F", "-m", 0, image)
    return mounted(image, where, "-o", "loop")


class Ballast:
    """Takes what is free."""

    def __init__(self, where):
        self.file = where / "ballast"

    def fill(self, left):
        """Until so many bytes are left."""
        facts = os.statvfs(self.file.parent)
        free = facts.f_bavail * facts.f_frsize - left
        with contextlib.suppress(OSError), open(self.file, "ab") as file:
            while free > 0:
                free -= file.write(bytes(min(free, 1 << 16)))
                file.flush()
            os.fsync(file.fileno())

    def drop(self):
        self.file.unlink(missing_ok=True)


@contextlib.contextmanager
def recorded(where, log, size):
    """ext4 on a disk of so many bytes that writes down each write and flush in `log`. Those of the unmounting are in it too."""
    device = where.with_suffix(".device")
    device.touch()
    server = subprocess.Popen(
        ["nbdfuse", device, "--command", "nbdkit", "-s", "python", HERE / "block_recorder.py", f"log={log}",
         f"size={size}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
    try:
        until = time.monotonic() + 20
        while device.stat().st_size != size:
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
        return bisect.bisect_left(self.requests, at, key=lambda request: request[1])

    def count(self, kind):
        return sum(request[0] == kind for request in self.requests)

    def crowded(self, begin, least):
        """Moments after `begin` at which so many writes wait for a flush."""
        found, waiting = [], 0
        for kind, at, *_ in self.requests:
            if at >= begin and waiting >= least:
                found.append(at)
            waiting = waiting + 1 if kind == b"W" else 0
        return found


class Disk:
    """One recorded disk, and what cuts leave of it: each cut is later than the one before."""

    def __init__(self, scratch, name, size):
        self.where, self.log, self.size = scratch / name, scratch / f"{name}.log", size
        self.safe, self.image = scratch / f"{name}.safe", scratch / f"{name}.image"
        self.record, self.place, self.waiting = None, 0, []

    def recording(self):
        return recorded(self.where, self.log, self.size)

    def read(self):
        """The recording is over."""
        self.record = Record(self.log)
        with open(self.safe, "wb") as file:
            file.truncate(self.size)

    def cut(self, at, chance, kept):
        """The image after all requests before a moment: what was flushed is kept, of the rest each write with this
        chance. How many of these were kept, torn and lost."""
        place = self.record.after(at)
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
            for one in self.waiting:
                sums[self.keep_some(image, *one, kept, chance)] += 1
        return sums

    def write(self, file, offset, length, begin):
        file.seek(offset)
        file.write(self.record.bytes[begin:begin + length])

    def keep_some(self, image, offset, length, begin, kept, chance):
        """Whole, or not at all, or in part; what of the part is there is anybody's guess."""
        if chance.random() < 0.3 and length > SECTOR and offset not in SUPERBLOCK:
            sectors = [at for at in range(0, length, SECTOR) if chance.random() < kept]
            for at in sectors:
                self.write(image, offset + at, min(SECTOR, length - at), begin + at)
            whole = len(sectors) * SECTOR >= length
            return "kept" if whole else "torn" if sectors else "lost"
        if chance.random() < kept:
            self.write(image, offset, length, begin)
            return "kept"
        return "lost"

    def mounted(self):
        """The image as the next start of the machine mounts it."""
        return mounted(self.image, self.where, "-o", "loop,nodiscard")
