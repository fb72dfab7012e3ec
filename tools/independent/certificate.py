#!/usr/bin/env python3
"""Checks a certificate of destruction of Keyward's (docs/formats/certificate.md). Shares no code with Keyward.

  certificate.py verify FILE [--verifier KEY]
  certificate.py self-test
  certificate.py make                           the vector

FILE may be `-`. KEY is the log's verifier as you got it by another way; without it the file's own is believed.
Needs the package `cryptography`. Exit 0: the material is gone; 1: that is not proven.
"""

import base64
import datetime
import json
import pathlib
import struct
import sys

import log
import state
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MATERIAL = 4
REFUSED = (log.Refused, state.Refused)


def check(holds, why):
    if not holds:
        raise log.Refused(why)


def unuuid(text):
    check(isinstance(text, str) and len(text) == 36, "an id is no UUID")
    return bytes.fromhex(text.replace("-", ""))


def material_id(key, version):
    return log.sha256(b"keyward material" + key + struct.pack(">I", version))[:16]


def entry_in(proof, size, root):
    data = log.unbase64(proof["entry"])
    path = [log.unbase64(sibling) for sibling in proof["path"]]
    found = log.root_from_path(proof["index"], size, log.leaf_hash(data), path)
    check(found == root, f"entry {proof['index']} is not in the log")
    return log.read_entry(data)


def verify(certificate, verifier=None):
    """What became of each version: (number, entry) or (number, None)."""
    check(certificate["format"] == 1, "a format that this script does not know")
    size, root, state_root = log.open_checkpoint(certificate["checkpoint"], verifier or certificate["verifier"])
    key = unuuid(certificate["key"])
    entries = {proof["index"]: entry_in(proof, size, root) for proof in certificate["entries"]}
    check(certificate["versions"], "no version is named")
    found = []
    for version in certificate["versions"]:
        number, row = version["version"], version["row"]
        row_id = material_id(key, number)
        path = [log.unbase64(node) for node in version["state_path"]]
        said = state.prove(state_root, path, MATERIAL, row_id)
        if row is None:
            check(said is None, f"there is a row of version {number}")
            found.append((number, None))
            continue
        columns = {name: unuuid(row[name]).hex() for name in ("tenant", "place", "owner")}
        columns |= {"table": MATERIAL, "id": row_id.hex(), "revision": row["revision"], "due": row["due"], "blob": ""}
        value = log.row_hash(columns)
        check(said == value, f"the row of version {number} is another, or not empty")
        entry = entries.get(row["entry"])
        check(entry is not None, f"the entry that emptied version {number} is missing")
        listed = [one for one in entry["rows"] if one["table"] == MATERIAL and one["id"] == row_id.hex()]
        check([one["after"] for one in listed] == [value.hex()], f"entry {row['entry']} did not empty version {number}")
        found.append((number, (row["entry"], entry)))
    return found


def told(key, found):
    for number, emptied in found:
        if emptied is None:
            yield f"version {number} of key {key} never had material"
        else:
            index, entry = emptied
            at = datetime.datetime.fromtimestamp(entry["wall"] / 1000, datetime.timezone.utc).isoformat()
            yield f"the material of version {number} of key {key} was destroyed by entry {index} at {at}"


# A certificate of our own.


def cbor(value):
    if isinstance(value, int):
        return cbor_head(0, value)
    if value is None:
        return b"\xf6"
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(cbor, value))
    return cbor_head(5, len(value)) + b"".join(cbor(name) + cbor(one) for name, one in value.items())


def cbor_head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * width):
            return bytes([major << 5 | info]) + argument.to_bytes(width, "big")
    raise ValueError(argument)


def made(blob=b""):
    """Two versions: the first was emptied, the second never was there."""
    key, nil, tenant = bytes([7] * 16), bytes(16), bytes([9] * 16)
    row_id = material_id(key, 1)
    columns = {"table": MATERIAL, "id": row_id.hex(), "revision": 2, "tenant": tenant.hex(), "place": nil.hex(),
               "owner": key.hex(), "due": 2**63 - 1, "blob": blob.hex()}  # fmt: skip
    value = log.row_hash(columns)
    others = [(3, bytes([number] * 16), bytes([number] * 32)) for number in range(1, 60)]
    rows = [(state.tree_key(table, one), table, one, two) for table, one, two in others + [(MATERIAL, row_id, value)]]
    state_root, nodes = state.grow(sorted(rows))

    def path(row):
        number, found, at = 1, [], state.tree_key(MATERIAL, row)
        for depth in range(16):
            node = nodes.get(number)
            if node is None:
                break
            if node[0] == 1:
                found.append(state.INNER + node[1:])
                number = 16 * number + state.nibble(at, depth)
                continue
            leaf = [node[place : place + 49] for place in range(1, len(node), 49)]
            found.append(state.LEAF + b"".join(state.tree_key(one[0], one[1:17]) + one[17:] for one in leaf))
            break
        return [base64.b64encode(node).decode() for node in found]

    entry = cbor({0: 1, 1: 1_795_600_383_250, 2: 5, 3: tenant, 4: tenant, 5: key, 6: 5, 7: [[91, key]], 8: 0,
                  9: [[MATERIAL, row_id, bytes(32), value]], 12: 202_611, 13: b"x", 14: state_root})  # fmt: skip
    leaves = [log.leaf_hash(entry), log.leaf_hash(b"other")]
    private = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    encoded = [base64.b64encode(one).decode() for one in (log.tree_root(leaves), state_root)]
    text = f"keyward.example/log\n2\n{encoded[0]}\nstate {encoded[1]}\n"
    signature = base64.b64encode(log.key_id("keyward.example/log", public) + private.sign(text.encode())).decode()
    uuid = lambda one: f"{one.hex()[:8]}-{one.hex()[8:12]}-{one.hex()[12:16]}-{one.hex()[16:20]}-{one.hex()[20:]}"
    row = {"revision": 2, "tenant": uuid(tenant), "place": uuid(nil), "owner": uuid(key), "due": 2**63 - 1, "entry": 0}
    return {
        "format": 1, "key": uuid(key),
        "versions": [{"version": 1, "row": row, "state_path": path(row_id)},
                     {"version": 2, "row": None, "state_path": path(material_id(key, 2))}],
        "entries": [{"index": 0, "entry": base64.b64encode(entry).decode(),
                     "path": [base64.b64encode(leaves[1]).decode()]}],
        "checkpoint": f"{text}\n\u2014 keyward.example/log {signature}\n",
        "verifier": log.verifier_line("keyward.example/log", public), "remnants": None,
    }  # fmt: skip


def refuses(certificate, verifier=None):
    try:
        verify(certificate, verifier)
    except REFUSED:
        return True
    return False


def self_test():
    good = made()
    check([(number, emptied and emptied[0]) for number, emptied in verify(good)] == [(1, 0), (2, None)], "it differs")
    check(refuses(made(b"still there")), "material that is still there is certified")
    first, second = good["versions"]
    wrong = [
        {"key": "0" * 8 + good["key"][8:]}, {"entries": []}, {"versions": []},
        {"versions": [first | {"row": None}]}, {"versions": [first | {"version": 2}]},
        {"versions": [second | {"row": first["row"]}]}, {"versions": [first | {"state_path": first["state_path"][:-1]}]},
        {"versions": [first | {"row": first["row"] | {"revision": 3}}]},
        {"checkpoint": good["checkpoint"].replace("\n2\n", "\n3\n")},
    ]  # fmt: skip
    for change in wrong:
        check(refuses(good | change), f"a certificate with another {change} is believed")
    check(refuses(good, log.verifier_line("keyward.example/log", bytes([1] * 32))), "another key is believed")
    print("certificate: as the document says")


def main(arguments):
    verifier = None
    if "--verifier" in arguments:
        at = arguments.index("--verifier")
        verifier, arguments = "".join(arguments[at + 1 : at + 2]), arguments[:at] + arguments[at + 2 :]
    try:
        match arguments:
            case ["self-test"]:
                self_test()
            case ["make"]:
                print(json.dumps(made(), indent=2))
            case ["verify", name]:
                text = sys.stdin.read() if name == "-" else pathlib.Path(name).read_text(encoding="utf-8")
                certificate = json.loads(text)
                found = verify(certificate, verifier)
                print("\n".join(told(certificate["key"], found)))
                if certificate.get("remnants"):
                    print(f"but: {certificate['remnants']}")
            case _:
                sys.exit(__doc__)
    except REFUSED as refusal:
        sys.exit(f"refused: {refusal}")
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        sys.exit(f"refused: not of the documented shape ({error!r})")


if __name__ == "__main__":
    main(sys.argv[1:])
