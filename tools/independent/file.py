#!/usr/bin/env python3
"""Makes and opens files (docs/formats/file.md). Shares no code with Keyward.

  file.py make                          vectors on standard output
  file.py open   < vectors.json         opens what should open, refuses what should not; exit 1 if any differs
  file.py decrypt DATA_KEY_HEX < FILE   the plaintext on standard output
  file.py self-test                     makes and opens, and the arithmetic of the document

Needs the package `cryptography`.
"""

import hashlib
import json
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"KWfile\x00\x01"
SUITE = b"\x01"
CHUNK_BYTES = 65536
TAG_BYTES = 16
FIXED_BYTES = 22
WRAPPED_BYTES_MAX = 4096


class Refused(Exception):
    pass


def header(prefix, wrapped):
    return MAGIC + SUITE + struct.pack(">I", CHUNK_BYTES) + prefix + struct.pack(">H", len(wrapped)) + wrapped


def nonce(prefix, number, last):
    return prefix + struct.pack(">I", number) + (b"\x01" if last else b"\x00")


def split(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)] or [b""]


def seal(data_key, prefix, wrapped, plaintext):
    head = header(prefix, wrapped)
    chunks = split(plaintext, CHUNK_BYTES)
    cipher = AESGCM(data_key)
    sealed = [cipher.encrypt(nonce(prefix, n, n + 1 == len(chunks)), chunk, head) for n, chunk in enumerate(chunks)]
    return head + b"".join(sealed)


def open_file(data_key, data):
    if len(data) < FIXED_BYTES or data[:8] != MAGIC or data[8:9] != SUITE:
        raise Refused("format")
    if struct.unpack(">I", data[9:13])[0] != CHUNK_BYTES:
        raise Refused("chunk size")
    prefix = data[13:20]
    wrapped_len = struct.unpack(">H", data[20:22])[0]
    if not 1 <= wrapped_len <= WRAPPED_BYTES_MAX or len(data) < FIXED_BYTES + wrapped_len:
        raise Refused("wrapped data key")
    head, body = data[: FIXED_BYTES + wrapped_len], data[FIXED_BYTES + wrapped_len :]
    chunks = split(body, CHUNK_BYTES + TAG_BYTES)
    cipher = AESGCM(data_key)
    out = []
    for n, chunk in enumerate(chunks):
        last = n + 1 == len(chunks)
        try:
            out.append(cipher.decrypt(nonce(prefix, n, last), chunk, head))
        except (InvalidTag, ValueError):
            raise Refused("chunk %d" % n) from None
        if not out[-1] and n > 0:
            raise Refused("an empty end")
    return b"".join(out)


def text(name, size):
    """Bytes that follow from the case's name."""
    out = b""
    number = 0
    while len(out) < size:
        out += hashlib.sha256(("%s %d" % (name, number)).encode()).digest()
        number += 1
    return out[:size]


def case(name, size, wrapped=11):
    data = build(name, size, wrapped)[1]
    return {"name": name, "bytes": size, "wrapped": wrapped, "file_sha256": hashlib.sha256(data).hexdigest()}


def build(name, size, wrapped):
    """Data key, file and plaintext of a case: they follow from its name."""
    data_key, prefix, plaintext = text(name + " key", 32), text(name + " prefix", 7), text(name, size)
    return data_key, seal(data_key, prefix, text(name + " wrapped", wrapped), plaintext), plaintext


def broken(why, base, flip=None, keep=None, more=""):
    return {"why": why, "of": base["name"], "flip": flip, "keep": keep, "more": more}


def edited(edit, cases):
    base = next(one for one in cases if one["name"] == edit["of"])
    data_key, data, _ = build(base["name"], base["bytes"], base["wrapped"])
    data = bytearray(data)
    if edit["flip"] is not None:
        data[edit["flip"]] ^= 1
    if edit["keep"] is not None:
        data = data[: edit["keep"]]
    return data_key, bytes(data) + bytes.fromhex(edit["more"])


def make():
    small, two = case("small", 100), case("two chunks", CHUNK_BYTES + 1)
    opens = [case("empty", 0), small, case("one chunk", CHUNK_BYTES), two, case("one byte", 1, 131)]
    head, chunk = FIXED_BYTES + 11, CHUNK_BYTES + TAG_BYTES
    refused = [
        broken("another version", small, flip=7),
        broken("another suite", small, flip=8),
        broken("another chunk size", small, flip=12),
        broken("another prefix", small, flip=13),
        broken("another wrapped key", small, flip=25),
        broken("another ciphertext", small, flip=40),
        broken("another tag", small, flip=head + 110),
        broken("cut in a chunk", small, keep=head + 110),
        broken("nothing after the header", small, keep=head),
        broken("cut after the first chunk", two, keep=head + chunk),
        broken("more after the end", two, more="00"),
        broken("cut in the header", small, keep=head - 1),
    ]
    return {"opens": opens, "refused": refused}


def check(vectors):
    wrong = 0
    for one in vectors["opens"]:
        data_key, data, plaintext = build(one["name"], one["bytes"], one["wrapped"])
        if hashlib.sha256(data).hexdigest() != one["file_sha256"] or open_file(data_key, data) != plaintext:
            print("differs: " + one["name"], file=sys.stderr)
            wrong += 1
    for one in vectors["refused"]:
        data_key, data = edited(one, vectors["opens"])
        try:
            open_file(data_key, data)
            print("opened: " + one["why"], file=sys.stderr)
            wrong += 1
        except Refused:
            pass
    print("%d opened, %d refused, %d wrong" % (len(vectors["opens"]), len(vectors["refused"]), wrong))
    return wrong


def main(arguments):
    if arguments == ["make"]:
        json.dump(make(), sys.stdout, indent=1)
        print()
        return 0
    if arguments == ["open"]:
        return 1 if check(json.load(sys.stdin)) else 0
    if arguments == ["self-test"]:
        assert len(header(b"p" * 7, b"w" * 131)) == 153
        assert len(nonce(b"p" * 7, 0, True)) == 12
        return 1 if check(make()) else 0
    if len(arguments) == 2 and arguments[0] == "decrypt":
        sys.stdout.buffer.write(open_file(bytes.fromhex(arguments[1]), sys.stdin.buffer.read()))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
