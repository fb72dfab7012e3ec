"""An nbdkit plugin: a disk in memory that writes down all that is asked of it, in order. Only nbdkit loads this.

  nbdkit python block_recorder.py log=FILE size=BYTES

Each record of FILE: kind (`W` or `F`), monotonic nanoseconds, offset, length (big-endian, 1 + 8 + 8 + 8 bytes), and for
a write its bytes. Requests are taken one at a time, and answered after they were written down: whatever came of an
answer is later in time than its record, and each request before a flush in FILE was answered before it.
"""

import os
import struct
import time

import nbdkit

API_VERSION = 2
RECORD = struct.Struct(">cQQQ")
settings = {}
state = {}


def config(key, value):
    settings[key] = value


def get_ready():
    state["image"] = bytearray(int(settings["size"]))
    state["log"] = os.open(settings["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def thread_model():
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def open(readonly):
    return state


def get_size(disk):
    return len(disk["image"])


def can_flush(disk):
    return True


def can_fua(disk):
    return nbdkit.FUA_EMULATE


def note(kind, offset, content):
    record = RECORD.pack(kind, time.monotonic_ns(), offset, len(content)) + bytes(content)
    if os.write(state["log"], record) != len(record):
        raise OSError("the log of the recorder is cut short")


def pread(disk, content, offset, flags):
    content[:] = disk["image"][offset:offset + len(content)]


def pwrite(disk, content, offset, flags):
    disk["image"][offset:offset + len(content)] = content
    note(b"W", offset, content)


def flush(disk, flags):
    note(b"F", 0, b"")
