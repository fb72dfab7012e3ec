#!/usr/bin/env python3
"""Backups, from docs/formats/backup.md alone. Shares no code with Keyward.

  backup.py list FILE                     what a backup says of itself
  backup.py verify FILE [RECOVERY-KEY]    its sum and signature; with the recovery key's file everything in it
  backup.py keys FILE RECOVERY-KEY        the keys in a backup of keys, with their material: for tests, or when nothing else is left
  backup.py make                          prints the vectors
  backup.py self-test                     reads the vectors, and refuses edits of them

Needs the package `cryptography`. Exit 1: it is not what the document says.
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys
import uuid

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import recover
import recovery_key
from anchor import verifier_of
from recovery_key import Refused

MAGIC = b"KWback\0\1"
CHUNK = 65_536
FACT, ROOT, BATCH, ROW, CHECKPOINT, TOMBSTONE, FILE, FORMER, CARRIED, END = 1, 2, 3, 4, 5, 6, 7, 8, 9, 255
TENANT, KEY, MATERIAL, NAME = 1, 3, 4, 5
VECTORS = pathlib.Path(__file__).resolve().parents[2] / "docs/formats/vectors/backup-v1.json"


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
    if header["kind"] == "keys":
        return {"size": header["size"], "keys": [shown(key) for key in keys_of(data, secret)]}
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


def keys_of(data, secret):
    """Each key of a backup of keys: its row, its tenant, the material of its versions, its aliases."""
    header, keys, count, ended = list_backup(data), [], 0, False
    for kind, body in frames(plaintext(data, secret)):
        if ended:
            raise Refused("something follows the end")
        if kind == END:
            ended = struct.unpack(">9Q", body) == (0,) * 8 + (count,)
            if not ended:
                raise Refused("other counts than those at the end")
        if kind != CARRIED:
            continue
        count += 1
        table, row, value = body[0], body[1:17], recover.decode(body[17:])
        if table == KEY:
            keys.append({"id": row, "key": value, "tenant": None, "material": {}, "aliases": []})
        elif not keys:
            raise Refused("a row of no key")
        elif table == TENANT:
            keys[-1]["tenant"] = value
        elif table == MATERIAL:
            if row != recover.material_id(keys[-1]["id"], value[3]) or value[1] != keys[-1]["id"]:
                raise Refused("material of another key")
            keys[-1]["material"][value[3]] = value[6]
        elif table == NAME:
            keys[-1]["aliases"].append(value[4])
    if not ended or len(keys) != header["keys"] or any(key["tenant"] is None for key in keys):
        raise Refused("keys are missing")
    return keys


def shown(key):
    row = key["key"]
    return {"id": str(uuid.UUID(bytes=key["id"])), "ring": row[3], "name": row.get(4), "location": row[2],
            "algorithm": row[6], "state": row[10][0], "versions": len(row[12]), "held": sorted(key["material"]),
            "aliases": sorted(key["aliases"])}


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


# Vectors


def made_backup(secret, header, content):
    """A backup with these frames, its randomness made from names."""
    seed = recovery_key.made("backup signer", 32)
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    site, key, prefix = recovery_key.made("backup site", 16), recovery_key.made("backup key", 32), b"prefix7"
    verify, opener = recovery_key.halves(secret)
    ephemeral = X25519PrivateKey.from_private_bytes(recovery_key.made("backup ephemeral", 32))
    enc, sealed = recovery_key.hpke_seal(opener, ephemeral, b"keyward backup v1", MAGIC + site, key)
    public = recovery_key.raw(signer.public_key())
    name = header["origin"]
    digest = hashlib.sha256(name.encode() + b"\n\1" + public).digest()[:4].hex()
    line = "+".join([name, digest, base64.b64encode(b"\1" + public).decode()])
    text = json.dumps({**header, "format": 1, "site": site.hex(), "checkpoint": "", "verifier": line,
                       "recovery": hashlib.sha256(verify + opener).hexdigest()[:16], "a_member_of_later": True,
                       "enc": base64.b64encode(enc).decode(), "data_key": base64.b64encode(sealed).decode(),
                       "prefix": prefix.hex()}).encode()
    head = MAGIC + len(text).to_bytes(4, "big") + text
    stream = b"".join(bytes([kind]) + len(body).to_bytes(4, "big") + body for kind, body in content)
    body = b""
    for number, at in enumerate(range(0, len(stream), CHUNK)):
        nonce = prefix + number.to_bytes(4, "big") + bytes([at + CHUNK >= len(stream)])
        body += AESGCM(key).encrypt(nonce, stream[at:at + CHUNK], head)
    digest = hashlib.sha256(head + body).digest()
    return line, head + body + digest + signer.sign(b"keyward backup v1\n" + digest)


def key_content():
    """Two keys, of which one had two versions and lost the first."""
    tenant, other = recovery_key.made("tenant", 16), recovery_key.made("fingerprint", 32)
    content = []

    def put(table, row, value):
        content.append((CARRIED, bytes([table]) + row + recover.encode(value)))

    for number, versions in ((1, [1]), (2, [2])):
        key = recovery_key.made(f"key {number}", 16)
        life, window = [2], [None, None]
        told = [[at, [2] if at in versions else [6], [3, None] if at in versions else [4, 3], other, window, 1000, 1]
                for at in range(1, number + 1)]
        put(KEY, key, {0: 1, 1: tenant, 2: "eu-central-1", 3: "ring", 4: f"name{number}", 5: 1, 6: 3, 7: 1, 8: 1, 9: 1,
                       10: life, 11: number, 12: told, 14: 0, 15: 1000, 16: "two in one", 17: [None, None, None, []]})
        put(TENANT, tenant, {0: 1, 1: "acme", 2: "111122223333", 3: 1, 4: 2, 6: 1000})
        for at in versions:
            put(MATERIAL, recover.material_id(key, at), {0: 1, 1: key, 2: tenant, 3: at, 4: 3, 5: 1,
                                                         6: recovery_key.made(f"material {number} {at}", 32)})
    content.append((200, b"of a kind that a later release knows"))
    content.append((END, struct.pack(">9Q", *[0] * 8, sum(kind == CARRIED for kind, _ in content))))
    return content


def site_content():
    """A log of one entry; nothing of it can be opened, since it is of no real site."""
    entry = b"no entry"
    root = hashlib.sha256(b"\0" + entry).digest()
    edge = (1).to_bytes(8, "big") + root
    batch = struct.pack(">QIq32s32sI", 0, 1, 1000, bytes(32), bytes(32), len(edge)) + edge
    content = [(ROOT, recovery_key.made("root", 32)), (FACT, b"\0\6origin" + b"o"),
               (BATCH, batch + len(entry).to_bytes(4, "big") + entry), (END, struct.pack(">8Q", 1, 1, 1, 0, 0, 0, 0, 0))]
    return root, content


def make():
    secret = recovery_key.made("backup recovery", 32)
    root, site = site_content()
    head = {"origin": "vectors.example/log", "created": "2026-11-25T00:00:00.000Z", "size": 1,
            "root": base64.b64encode(root).decode()}
    made = []
    for kind, content, more in (("site", site, {}), ("keys", key_content(), {"keys": 2})):
        line, file = made_backup(secret, {**head, "kind": kind, **more}, content)
        told = {"listed": [shown(key) for key in keys_of(file, secret)]} if kind == "keys" else {}
        made.append({"name": kind, "recovery": recovery_key.text_of(secret), "verifier": line, **told,
                     "frames": [[number, body.hex()] for number, body in content], "file": file.hex()})
    return json.dumps({"backups": made}, indent=1) + "\n"


def self_test():
    known = json.loads(VECTORS.read_text())
    for one in known["backups"]:
        file, secret = bytes.fromhex(one["file"]), recovery_key.secret_of(one["recovery"])
        check_sum(file)
        assert [[kind, body.hex()] for kind, body in frames(plaintext(file, secret))] == one["frames"]
        told = verify_backup(file, secret)
        assert told.get("keys") == one.get("listed"), told
        stranger = recovery_key.made("stranger", 32)
        recovery_key.refuses(lambda: verify_backup(file, stranger))
        for at in (0, 7, 40, len(file) // 2, len(file) - 97, len(file) - 1):
            edited = file[:at] + bytes([file[at] ^ 1]) + file[at + 1:]
            recovery_key.refuses(lambda: verify_backup(edited, secret))
            recovery_key.refuses(lambda: verify_backup(file[:at], secret))
    print(f"{len(known['backups'])} backups are as the document says")


def bare(value):
    return value.hex() if isinstance(value, bytes) else value


def main(arguments):
    match arguments:
        case ["self-test"]:
            self_test()
        case ["make"]:
            sys.stdout.write(make())
        case ["keys", file, key]:
            data, secret = pathlib.Path(file).read_bytes(), recovery_key.secret_of(pathlib.Path(key).read_text())
            check_sum(data)
            held = lambda key: {number: bare(material) for number, material in key["material"].items()}
            print(json.dumps([{**shown(key), "material": held(key)} for key in keys_of(data, secret)], indent=1))
        case ["list", file]:
            print(json.dumps(list_backup(pathlib.Path(file).read_bytes()), indent=1))
        case ["verify", file]:
            check_sum(pathlib.Path(file).read_bytes())
            print("sum and signature are right")
        case ["verify", file, key]:
            told = verify_backup(pathlib.Path(file).read_bytes(), recovery_key.secret_of(pathlib.Path(key).read_text()))
            told.pop("root_key", None)
            print(json.dumps(told, indent=1))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        raise SystemExit(f"refused: {refused}") from refused
