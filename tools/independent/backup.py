#!/usr/bin/env python3
"""Backups, from docs/formats/backup.md alone. Shares no code with Keyward.

  backup.py list FILE                     what a backup says of itself
  backup.py verify FILE [RECOVERY-KEY]    its sum and signature; with the recovery key's file everything in it

Needs the package `cryptography`. Exit 1: it is not what the document says.
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import recovery_key
from anchor import verifier_of
from recovery_key import Refused

MAGIC = b"KWback\0\1"
CHUNK = 65_536
FACT, ROOT, BATCH, ROW, CHECKPOINT, TOMBSTONE, FILE, FORMER, END = 1, 2, 3, 4, 5, 6, 7, 8, 255


def head_of(data):
    if data[:8] != MAGIC:
        raise Refused("no backup")
    length = int.from_bytes(data[8:12], "big")
    return data[:12 + length]


def list_backup(data):
    return json.loads(head_of(data)[12:])


def check_sum(data):
    body, digest, signature = data[:-96], data[-96:-64], data[-64:]
    if hashlib.sha256(body).digest() != digest:
        raise Refused("the sum is of other bytes")
    verifier = verifier_of(list_backup(data)["verifier"])
    try:
        Ed25519PublicKey.from_public_bytes(verifier).verify(signature, b"keyward backup v1\n" + digest)
    except InvalidSignature as error:
        raise Refused("not signed by the site it names") from error


def plaintext(data, secret):
    header, head = list_backup(data), head_of(data)
    site = bytes.fromhex(header["site"])
    key = recovery_key.hpke_open(recovery_key.opener(secret), b"keyward backup v1", MAGIC + site,
                                 base64.b64decode(header["enc"]), base64.b64decode(header["data_key"]))
    body, prefix = data[len(head):-96], bytes.fromhex(header["prefix"])
    count = -(-len(body) // (CHUNK + 16))
    for number in range(count):
        chunk = body[number * (CHUNK + 16):][:CHUNK + 16]
        nonce = prefix + number.to_bytes(4, "big") + bytes([number + 1 == count])
        try:
            yield AESGCM(key).decrypt(nonce, chunk, head)
        except InvalidTag as error:
            raise Refused(f"chunk {number} does not open") from error


def frames(pieces):
    held = b""
    for piece in pieces:
        held += piece
        while len(held) >= 5:
            length = int.from_bytes(held[1:5], "big")
            if len(held) < 5 + length:
                break
            yield held[0], held[5:5 + length]
            held = held[5 + length:]
    if held:
        raise Refused("it ends within a frame")


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def append(tree, entry):
    """A tree is its size and the roots of its perfect subtrees, largest first (log.md)."""
    size, edge = tree
    one = hashlib.sha256(b"\0" + entry).digest()
    at = size
    while at & 1:
        one, at = node(edge.pop(), one), at >> 1
    return size + 1, edge + [one]


def root_of(edge):
    *rest, root = edge
    for left in reversed(rest):
        root = node(left, root)
    return root


def verify_backup(data, secret):
    """Everything in it: the counts, the root key, and that the log leads to the head of the header."""
    check_sum(data)
    header = list_backup(data)
    counts = dict.fromkeys((FACT, ROOT, BATCH, ROW, CHECKPOINT, TOMBSTONE, FILE, FORMER), 0)
    tree, root_key, ended = None, None, False
    for kind, body in frames(plaintext(data, secret)):
        if ended:
            raise Refused("something follows the end")
        if kind == END:
            if struct.unpack(">8Q", body) != (counts[FACT], counts[ROOT], counts[BATCH], counts[ROW], counts[CHECKPOINT],
                                              counts[TOMBSTONE], counts[FILE], counts[FORMER]):
                raise Refused("other counts than those at the end")
            ended = True
            continue
        counts[kind] += 1
        if kind == ROOT:
            root_key = body.hex()
        if kind == BATCH:
            tree = after(tree, body)
    if not ended or tree is None or (tree[0], root_of(tree[1])) != (header["size"], base64.b64decode(header["root"])):
        raise Refused("its log is not the one that its header names")
    return {"size": header["size"], "rows": counts[ROW], "batches": counts[BATCH], "tombstones": counts[TOMBSTONE],
            "root_key": root_key}


def after(tree, body):
    first, _count, _wall, _state, _mac, length = struct.unpack(">QIq32s32sI", body[:88])
    edge, entries = body[88:88 + length], body[88 + length:]
    says = (int.from_bytes(edge[:8], "big"), [edge[at:at + 32] for at in range(8, length, 32)])
    if first == 0:
        tree = (0, [])
    if tree is None or tree[0] != first:
        return says
    while entries:
        size = int.from_bytes(entries[:4], "big")
        tree = append(tree, entries[4:4 + size])
        entries = entries[4 + size:]
    if tree != says:
        raise Refused(f"the batch at {first} leads to another tree")
    return tree


def main(arguments):
    match arguments:
        case ["list", file]:
            print(json.dumps(list_backup(pathlib.Path(file).read_bytes()), indent=1))
        case ["verify", file]:
            check_sum(pathlib.Path(file).read_bytes())
            print("sum and signature are right")
        case ["verify", file, key]:
            told = verify_backup(pathlib.Path(file).read_bytes(), recovery_key.secret_of(pathlib.Path(key).read_text()))
            del told["root_key"]
            print(json.dumps(told, indent=1))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        raise SystemExit(f"refused: {refused}") from refused
