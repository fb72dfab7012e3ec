#!/usr/bin/env python3
"""Makes and opens envelopes (docs/formats/envelope.md). Shares no code with Keyward.

  envelope.py make                    vectors on standard output
  envelope.py open   < vectors.json   opens what should open, refuses what should not; exit 1 if any differs
  envelope.py self-test               both, and the arithmetic of the document

Needs the package `cryptography`.
"""

import hashlib
import hmac
import json
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = b"\x4b\x01"
SUITE = b"\x01"
HEADER_BYTES = 71
OVERHEAD_BYTES = 99


class Refused(Exception):
    pass


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def keys(material, key_id, version, salt):
    """The message key and the commitment."""
    label = b"KWenv" + FORMAT + SUITE
    info = label + b"\x00" + key_id + struct.pack(">I", version) + salt + struct.pack(">I", 512)
    return [hmac_sha256(material, struct.pack(">I", i) + info) for i in (1, 2)]


def canonical(pairs):
    if not pairs:
        return b""
    out = b"KWpairs\x01"
    for name, value in sorted((n.encode(), v.encode()) for n, v in pairs.items()):
        out += struct.pack(">I", len(name)) + name + struct.pack(">I", len(value)) + value
    return out


def seal(material, key_id, version, context, plaintext, salt, iv):
    message_key, commitment = keys(material, key_id, version, salt)
    header = FORMAT + SUITE + key_id + struct.pack(">I", version) + salt + commitment
    assert len(header) == HEADER_BYTES
    return header + iv + AESGCM(message_key).encrypt(iv, plaintext, header + context)


def open_envelope(material, key_id, version, context, envelope):
    if len(envelope) < OVERHEAD_BYTES or envelope[:2] != FORMAT or envelope[2:3] != SUITE:
        raise Refused("format")
    if envelope[3:19] != key_id or envelope[19:23] != struct.pack(">I", version):
        raise Refused("key")
    message_key, commitment = keys(material, key_id, version, envelope[23:39])
    if not hmac.compare_digest(commitment, envelope[39:71]):
        raise Refused("commitment")
    try:
        return AESGCM(message_key).decrypt(envelope[71:83], envelope[83:], envelope[:71] + context)
    except InvalidTag:
        raise Refused("tag") from None


def seeded(name, what, size):
    return hashlib.shake_256(f"envelope v1 {name} {what}".encode()).digest(size)


def case(name, plaintext, context=b"", version=1, pairs=None):
    material, key_id = seeded(name, "material", 32), seeded(name, "key id", 16)
    salt, iv = seeded(name, "salt", 16), seeded(name, "iv", 12)
    if pairs is not None:
        context = canonical(pairs)
    made = {
        "name": name,
        "material": material.hex(),
        "key_id": key_id.hex(),
        "version": version,
        "context": context.hex(),
        "plaintext": plaintext.hex(),
        "envelope": seal(material, key_id, version, context, plaintext, salt, iv).hex(),
    }
    if pairs is not None:
        made["pairs"] = pairs
    return made


def refused(base, why, **changes):
    made = {k: v for k, v in base.items() if k not in ("plaintext", "pairs")}
    return {**made, **changes, "name": why, "why": why}


def flipped(text, at, bit=1):
    raw = bytearray.fromhex(text)
    raw[at] ^= bit
    return raw.hex()


def uncommitted(base):
    """An envelope with a valid tag under the message key of its salt, whose header commits to something else."""
    raw, material = bytes.fromhex(base["envelope"]), bytes.fromhex(base["material"])
    message_key, _ = keys(material, raw[3:19], base["version"], raw[23:39])
    header = raw[:39] + bytes(32)
    associated = header + bytes.fromhex(base["context"])
    return (header + raw[71:83] + AESGCM(message_key).encrypt(raw[71:83], bytes.fromhex(base["plaintext"]), associated)).hex()


def make():
    opens = [
        case("nothing", b""),
        case("a data key", seeded("a data key", "plaintext", 32)),
        case("words and pairs", b"attack at dawn", pairs={"purpose": "test", "Tenant": "a", "zoë": "ünïcode", "empty": ""}),
        case("bytes as context", b"plaintext", context=bytes(range(256))),
        case("the last version", b"plaintext", version=2**32 - 1),
        case("many blocks", seeded("many blocks", "plaintext", 4097), context=b"x"),
    ]
    base = opens[2]
    envelope = base["envelope"]
    fields = {"format": 0, "format version": 1, "suite": 2, "key id": 3, "version": 22, "salt": 23, "commitment": 39,
              "IV": 71, "ciphertext": 83, "tag": -1}
    refusals = [refused(base, f"changed {field}", envelope=flipped(envelope, at)) for field, at in fields.items()]
    refusals += [
        refused(base, "another context", context=""),
        refused(base, "another material", material=flipped(base["material"], 31)),
        refused(base, "another key id asked for", key_id=flipped(base["key_id"], 0)),
        refused(base, "another version asked for", version=2),
        refused(base, "cut by a byte", envelope=envelope[:-2]),
        refused(base, "a byte too many", envelope=envelope + "00"),
        refused(base, "header only", envelope=envelope[: 2 * HEADER_BYTES]),
        refused(base, "no bytes", envelope=""),
        refused(base, "a commitment to another key", envelope=uncommitted(base)),
    ]
    return {"opens": opens, "refused": refusals}


def attempt(vector):
    raw = [bytes.fromhex(vector[field]) for field in ("material", "key_id", "context", "envelope")]
    return open_envelope(raw[0], raw[1], vector["version"], raw[2], raw[3])


def check(vectors):
    """The names of the cases that did not do what they should."""
    wrong = []
    for vector in vectors.get("opens", []):
        try:
            good = attempt(vector).hex() == vector["plaintext"]
        except Refused:
            good = False
        if "pairs" in vector:
            good = good and canonical(vector["pairs"]).hex() == vector["context"]
        if not good:
            wrong.append(vector["name"])
    for vector in vectors.get("refused", []):
        try:
            attempt(vector)
            wrong.append(vector["name"])
        except Refused:
            pass
    return wrong


def self_test():
    made = make()
    assert check(made) == [], check(made)
    assert made == make()
    broken = make()
    broken["opens"][0]["envelope"] = flipped(broken["opens"][0]["envelope"], -1)
    broken["refused"][0] = {**made["opens"][0], "name": "opens after all"}
    assert check(broken) == ["nothing", "opens after all"], check(broken)
    for vector in made["opens"]:
        assert len(vector["envelope"]) // 2 == len(vector["plaintext"]) // 2 + OVERHEAD_BYTES


def main(verb):
    if verb == "make":
        json.dump(make(), sys.stdout, indent=1, ensure_ascii=False)
        print()
    elif verb == "open":
        vectors = json.load(sys.stdin)
        wrong = check(vectors)
        count = sum(len(vectors.get(kind, [])) for kind in ("opens", "refused"))
        print(f"{count} envelopes, {len(wrong)} wrong" + "".join(f"\n  {name}" for name in wrong))
        sys.exit(1 if wrong or not count else 0)
    elif verb == "self-test":
        self_test()
        print("envelope.py: ok")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")
