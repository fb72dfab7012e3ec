#!/usr/bin/env python3
"""Anchors and recovery statements, from docs/formats/anchor.md alone. Shares no code with Keyward.

  anchor.py read FILE [VERIFIER]   what an anchor holds, as JSON; VERIFIER, 32 bytes in hexadecimal or a verifier line
                                   (C2SP signed-note), checks the signature
  anchor.py make                   prints the vectors
  anchor.py self-test              reads the vectors, and refuses edits of them

Needs the package `cryptography`. Exit 1: no slot is whole, a signature or the chain of tombstones is wrong.
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

import recovery_key
from recovery_key import Refused

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "docs/formats/vectors/anchor-v1.json"
MAGIC = b"KWanch\0\1"
RECORD = struct.Struct(">8s16sQ32s32sQ32sq64s")
TOMBSTONE = struct.Struct(">B7s16sQq")
SLOT, TOMBSTONES = 4096, 8192


def slot(data, at):
    """Sequence and record of a slot; None where it is torn."""
    filled = data[at * SLOT:at * SLOT + 8 + RECORD.size + 32]
    text, digest = filled[:-32], filled[-32:]
    if len(filled) < 8 + RECORD.size + 32 or hashlib.sha256(text).digest() != digest:
        return None
    sequence = int.from_bytes(text[:8], "big")
    return (sequence, text[8:]) if sequence % 2 == at else None


def read(data, verifier=None):
    whole = [one for one in (slot(data, 0), slot(data, 1)) if one]
    if not whole:
        raise Refused("no slot is whole")
    sequence, record = max(whole)
    magic, site, size, root, state, destroyed, chained, wall, signature = RECORD.unpack(record)
    if magic != MAGIC:
        raise Refused("another format")
    if verifier is not None:
        try:
            Ed25519PublicKey.from_public_bytes(verifier).verify(signature, record[:-64])
        except InvalidSignature as error:
            raise Refused("the site did not sign this") from error
    tombstones, chain = [], bytes(32)
    for at in range(destroyed):
        one = data[TOMBSTONES + at * TOMBSTONE.size:][:TOMBSTONE.size]
        if len(one) < TOMBSTONE.size:
            raise Refused("tombstones are missing")
        table, zeros, row, position, when = TOMBSTONE.unpack(one)
        if zeros != bytes(7):
            raise Refused("no tombstone")
        chain = hashlib.sha256(chain + one).digest()
        tombstones.append({"table": table, "id": row.hex(), "entry": position, "wall": when})
    if chain != chained:
        raise Refused("other tombstones than those that were counted")
    return {"sequence": sequence, "site": site.hex(), "size": size, "root": root.hex(), "state_root": state.hex(),
            "wall": wall, "tombstones": tombstones}


def verifier_of(text):
    if "+" not in text:
        return bytes.fromhex(text)
    kind, *key = base64.b64decode(text.strip().split("+", 2)[2])
    if kind != 1 or len(key) != 32:
        raise Refused("no Ed25519 verifier")
    return bytes(key)


def record(key, size, tombstones, name):
    made = recovery_key.made
    chain = bytes(32)
    for one in tombstones:
        chain = hashlib.sha256(chain + one).digest()
    text = RECORD.pack(MAGIC, made("site", 16), size, made(f"{name} root", 32), made(f"{name} state", 32),
                       len(tombstones), chain, 1_795_600_383_250, bytes(64))[:-64]
    return text + key.sign(text)


def make():
    made = recovery_key.made
    key = Ed25519PrivateKey.from_private_bytes(made("anchor key", 32))
    tombstones = [TOMBSTONE.pack(table, bytes(7), made(f"row {table}", 16), 40 + table, 1_795_600_000_000 + table)
                  for table in (3, 4, 11)]
    data = bytearray(TOMBSTONES)
    for sequence, size, count in ((6, 40, 0), (7, 52, 3)):
        text = sequence.to_bytes(8, "big") + record(key, size, tombstones[:count], str(size))
        at = sequence % 2 * SLOT
        data[at:at + len(text) + 32] = text + hashlib.sha256(text).digest()
    data += b"".join(tombstones)
    # The newer slot of the second file is torn: the older one counts.
    torn = bytearray(data)
    torn[SLOT + 60] ^= 1
    verifier = recovery_key.raw(key.public_key())
    secret = made("first secret", 32)
    head = lambda size, name: f"{size} {base64.b64encode(made(name, 32)).decode()}"
    text = ("keyward recovery statement v1\n" f"site {made('site', 16).hex()}\nstore {head(40, 'store')}\n"
            f"anchor {head(52, 'anchor')}\n")
    signature = base64.b64encode(recovery_key.signer(secret).sign(text.encode())).decode()
    files = [{"file": bytes(one).hex(), "reads": read(bytes(one), verifier)} for one in (data, torn)]
    return json.dumps({"verifier": verifier.hex(), "files": files, "statement": f"{text}signature {signature}\n",
                       "verify": recovery_key.halves(secret)[0].hex()}, indent=1) + "\n"


def self_test():
    known = json.loads(VECTORS.read_text())
    verifier = bytes.fromhex(known["verifier"])
    for one in known["files"]:
        data = bytes.fromhex(one["file"])
        assert read(data, verifier) == one["reads"]
        recovery_key.refuses(lambda: read(data, bytes.fromhex(known["verify"])))
        recovery_key.refuses(lambda: read(bytes(len(data)), verifier))
    data = bytearray.fromhex(known["files"][0]["file"])
    data[TOMBSTONES + 9] ^= 1
    recovery_key.refuses(lambda: read(bytes(data), verifier))
    recovery_key.refuses(lambda: read(bytes(data[:-1]), verifier))
    verify = bytes.fromhex(known["verify"])
    assert recovery_key.check_statement(known["statement"].rstrip("\n"), verify)["site"]
    edited = known["statement"].replace("store 40", "store 41").rstrip("\n")
    recovery_key.refuses(lambda: recovery_key.check_statement(edited, verify))
    print(f"{len(known['files'])} anchors and a statement are as the document says")


def main(arguments):
    match arguments:
        case ["self-test"]:
            self_test()
        case ["make"]:
            sys.stdout.write(make())
        case ["read", file, *verifier] if len(verifier) < 2:
            data = pathlib.Path(file).read_bytes()
            print(json.dumps(read(data, verifier_of(verifier[0]) if verifier else None), indent=1))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        raise SystemExit(f"refused: {refused}") from refused
