#!/usr/bin/env python3
"""Makes and opens seals (docs/formats/seal.md). Shares no code with Keyward.

  seal.py make                    vectors on standard output
  seal.py open   < vectors.json   opens, refuses, derives and hashes each; exit 1 if any differs
  seal.py self-test               both, and the arithmetic of the document

Needs the package `cryptography`.
"""

import hashlib
import hmac
import json
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
OVERHEAD_BYTES = 45


class Refused(Exception):
    pass


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def kdf(key, label, context):
    return hmac_sha256(key, struct.pack(">I", 1) + label + b"\x00" + context + struct.pack(">I", 256))


def derive(key, label, context):
    return kdf(key, b"KWderive", struct.pack(">I", len(label)) + label + context)


def mac(key, label, message):
    return hmac_sha256(kdf(key, b"KWmac", label), message)


def working_key(key, salt):
    return kdf(key, b"KWseal" + VERSION, salt)


def seal(key, associated, plaintext, salt, iv):
    return VERSION + salt + iv + AESGCM(working_key(key, salt)).encrypt(iv, plaintext, associated)


def open_seal(key, associated, sealed):
    if len(sealed) < OVERHEAD_BYTES or sealed[:1] != VERSION:
        raise Refused("format")
    try:
        return AESGCM(working_key(key, sealed[1:17])).decrypt(sealed[17:29], sealed[29:], associated)
    except InvalidTag:
        raise Refused("tag") from None


def seeded(name, what, size):
    return hashlib.shake_256(f"seal v1 {name} {what}".encode()).digest(size)


def case(name, plaintext, associated=b""):
    key, salt, iv = seeded(name, "key", 32), seeded(name, "salt", 16), seeded(name, "iv", 12)
    return {
        "name": name,
        "key": key.hex(),
        "associated": associated.hex(),
        "plaintext": plaintext.hex(),
        "sealed": seal(key, associated, plaintext, salt, iv).hex(),
    }


def refused(base, why, **changes):
    made = {k: v for k, v in base.items() if k != "plaintext"}
    return {**made, **changes, "name": why, "why": why}


def flipped(text, at):
    raw = bytearray.fromhex(text)
    raw[at] ^= 1
    return raw.hex()


def derivation(name, label, context):
    key = seeded(name, "key", 32)
    return {"name": name, "key": key.hex(), "label": label.hex(), "context": context.hex(),
            "derived": derive(key, label, context).hex()}


def hashing(name, label, message):
    key = seeded(name, "key", 32)
    return {"name": name, "key": key.hex(), "label": label.hex(), "message": message.hex(),
            "mac": mac(key, label, message).hex()}


def make():
    opens = [
        case("nothing", b""),
        case("a row", b"some fields of a row", b"what the row is bound to"),
        case("a key", seeded("a key", "plaintext", 32), bytes(range(200))),
        case("many blocks", seeded("many blocks", "plaintext", 5001), b"x"),
    ]
    base = opens[1]
    fields = {"version": 0, "salt": 1, "IV": 17, "ciphertext": 29, "tag": -1}
    refusals = [refused(base, f"changed {field}", sealed=flipped(base["sealed"], at)) for field, at in fields.items()]
    refusals += [
        refused(base, "other associated data", associated=""),
        refused(base, "another key", key=flipped(base["key"], 0)),
        refused(base, "cut by a byte", sealed=base["sealed"][:-2]),
        refused(base, "a byte too many", sealed=base["sealed"] + "00"),
        refused(base, "too short", sealed=base["sealed"][: 2 * (OVERHEAD_BYTES - 1)]),
        refused(base, "no bytes", sealed=""),
    ]
    derives = [
        derivation("a use", b"a use", b""),
        derivation("a use and a context", b"a use", b"a context"),
        derivation("no label", b"", bytes(40)),
    ]
    macs = [
        hashing("a name", b"names", b"alias/payroll"),
        hashing("no message", b"names", b""),
        hashing("a long message", b"another use", bytes(range(256)) * 3),
    ]
    return {"opens": opens, "refused": refusals, "derives": derives, "macs": macs}


def attempt(vector):
    return open_seal(*(bytes.fromhex(vector[field]) for field in ("key", "associated", "sealed")))


def opens(vector):
    try:
        return attempt(vector).hex() == vector["plaintext"]
    except Refused:
        return False


def refuses(vector):
    try:
        attempt(vector)
        return False
    except Refused:
        return True


def derives(vector):
    derived = derive(*(bytes.fromhex(vector[field]) for field in ("key", "label", "context")))
    if "mac_of_message_for_proof" in vector:  # of those who don't lend their derived keys
        return mac(derived, b"proof", b"message").hex() == vector["mac_of_message_for_proof"]
    return derived.hex() == vector["derived"]


def macs(vector):
    return mac(*(bytes.fromhex(vector[field]) for field in ("key", "label", "message"))).hex() == vector["mac"]


CHECKS = {"opens": opens, "refused": refuses, "derives": derives, "macs": macs}


def check(vectors):
    """The names of the cases that did not do what they should."""
    return [vector["name"] for kind, good in CHECKS.items() for vector in vectors.get(kind, []) if not good(vector)]


def self_test():
    made = make()
    assert check(made) == [], check(made)
    assert made == make()
    for kind, field in {"opens": "plaintext", "derives": "derived", "macs": "mac"}.items():
        broken = make()
        broken[kind][-1][field] = flipped(broken[kind][-1][field], 0)
        assert check(broken) == [broken[kind][-1]["name"]], kind
    for vector in made["opens"]:
        assert len(vector["sealed"]) // 2 == len(vector["plaintext"]) // 2 + OVERHEAD_BYTES


def main(verb):
    if verb == "make":
        json.dump(make(), sys.stdout, indent=1)
        print()
    elif verb == "open":
        vectors = json.load(sys.stdin)
        wrong = check(vectors)
        count = sum(len(vectors.get(kind, [])) for kind in CHECKS)
        print(f"{count} cases, {len(wrong)} wrong" + "".join(f"\n  {name}" for name in wrong))
        sys.exit(1 if wrong or not count else 0)
    elif verb == "self-test":
        self_test()
        print("seal.py: ok")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
