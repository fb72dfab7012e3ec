#!/usr/bin/env python3
"""Checks what Keyward's log says (docs/formats/log.md, entry.md, rows.md; RFC 6962; C2SP signed-note and
tlog-checkpoint). Shares no code with Keyward.

  log.py verify-proof FILE [--verifier KEY]         an entry is in the log of a signed checkpoint
  log.py verify-consistency FILE [--verifier KEY]   a newer log begins with an older one
  log.py decode-entry FILE                          shows an entry: of a proof, or hexadecimal
  log.py self-test [DIRECTORY]                      against the vectors, and against itself

FILE may be `-`. KEY is the log's verifier as you got it by another way; without it the file's own is believed.
Needs the package `cryptography`. Exit 0: it is as said; 1: it is not.
"""

import base64
import binascii
import hashlib
import hmac
import json
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DEPTH_MAX = 16


class Refused(Exception):
    """What is said is not so, or cannot be read."""


def check(holds, why):
    if not holds:
        raise Refused(why)


# The tree: RFC 6962, section 2.1, and for verifying RFC 9162, sections 2.1.3.2 and 2.1.4.2.


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(entry):
    return sha256(b"\x00" + entry)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def split(count):
    """The greatest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def tree_root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def inclusion_path(index, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return inclusion_path(index, leaves[:k]) + [tree_root(leaves[k:])]
    return inclusion_path(index - k, leaves[k:]) + [tree_root(leaves[:k])]


def consistency_path(older, leaves, whole=True):
    if older == len(leaves):
        return [] if whole else [tree_root(leaves)]
    k = split(len(leaves))
    if older <= k:
        return consistency_path(older, leaves[:k], whole) + [tree_root(leaves[k:])]
    return consistency_path(older - k, leaves[k:], False) + [tree_root(leaves[:k])]


def climb(place, last):
    """From a right node, or the last one of its level, to where it next has a left sibling."""
    while place & 1 == 0 and place != 0:
        place, last = place >> 1, last >> 1
    return place, last


def root_from_path(index, size, leaf, path):
    check(0 <= index < size, f"entry {index} is not in a log of {size}")
    place, last, node = index, size - 1, leaf
    for sibling in path:
        check(last != 0, "the path is too long")
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            place, last = climb(place, last)
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    check(last == 0, "the path is too short")
    return node


def verify_consistency(older, newer, older_root, newer_root, path):
    check(older <= newer, "the older log is the larger")
    if older in (0, newer):
        check(not path, "the path should be empty")
        check(older_root == (newer_root if older else sha256(b"")), "the roots differ")
        return
    check(path, "the path is empty")
    if older & (older - 1) == 0:
        path = [older_root] + path
    place, last = older - 1, newer - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        check(last != 0, "the path is too long")
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            place, last = climb(place, last)
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    check(last == 0, "the path is too short")
    check(old == older_root, "the path does not lead to the older root")
    check(new == newer_root, "the path does not lead to the newer root")


def frontier(leaves):
    """The bytes of docs/formats/log.md."""
    edge = []
    for size, leaf in enumerate(leaves):
        while size & 1:
            leaf, size = node_hash(edge.pop(), leaf), size >> 1
        edge.append(leaf)
    return struct.pack(">Q", len(leaves)) + b"".join(edge)


def frontier_root(data):
    size, hashes = struct.unpack(">Q", data[:8])[0], data[8:]
    check(len(hashes) == 32 * bin(size).count("1"), "a frontier of the wrong length")
    edge = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
    if not edge:
        return sha256(b"")
    root = edge.pop()
    while edge:
        root = node_hash(edge.pop(), root)
    return root


# Batches.


def split_batch(entries):
    found = []
    while entries:
        check(len(entries) >= 4, "a batch that ends in a length")
        length = struct.unpack(">I", entries[:4])[0]
        check(len(entries) >= 4 + length, "a batch that ends in an entry")
        found.append(entries[4 : 4 + length])
        entries = entries[4 + length :]
    return found


def batch_mac(key, first, count, wall, state, edge, entries):
    numbers = struct.pack(">QIq", first, count, wall) + state + struct.pack(">I", len(edge))
    return hmac.new(key, b"keyward batch v1" + numbers + edge + entries, hashlib.sha256).digest()


# Signed notes.


def unbase64(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(f"not base64: {text[:40]}") from error


def key_id(name, public):
    return sha256(name.encode() + b"\n\x01" + public)[:4]


def verifier_line(name, public):
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(bytes([1]) + public).decode()}"


def read_verifier(line):
    """Name and public key."""
    parts = line.split("+", 2)
    check(len(parts) == 3, "a verifier has three parts")
    name, _, encoded = parts
    typed = unbase64(encoded)
    check(len(typed) == 33 and typed[0] == 1, "the verifier is no Ed25519 key")
    check(verifier_line(name, typed[1:]) == line, "the verifier's key id is not that of its key")
    return name, typed[1:]


def signatures(lines):
    check(lines.endswith("\n"), "the note does not end in a line end")
    for line in lines[:-1].split("\n"):
        check(line.startswith("\u2014 "), "a line that is no signature")
        name, _, encoded = line[2:].partition(" ")
        data = unbase64(encoded)
        check(name and len(data) > 4, "a line that is no signature")
        yield name, data[:4], data[4:]


def open_checkpoint(note, verifier):
    """Size and root, as the verifier's owner signed them."""
    name, public = read_verifier(verifier)
    text, divider, rest = note.rpartition("\n\n")
    check(divider, "the note is not signed")
    text += "\n"
    ours = [sig for who, key, sig in signatures(rest) if (who, key) == (name, key_id(name, public))]
    check(ours, f"{name} has not signed the checkpoint")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(ours[0], text.encode())
    except InvalidSignature as error:
        raise Refused("the checkpoint's signature is not genuine") from error
    lines = text.split("\n")
    check(len(lines) >= 5 and lines[0] == name, "the checkpoint is of another log")
    digits = lines[1]
    check(digits.isascii() and digits.isdigit() and len(digits) <= 20, "the size is no number")
    check(str(int(digits)) == digits, "the size has leading zeros")
    root = unbase64(lines[2])
    check(len(root) == 32, "the root is no hash")
    check(lines[3].startswith("state "), "the state root is missing")
    state = unbase64(lines[3].removeprefix("state "))
    check(len(state) == 32, "the state root is no hash")
    return int(digits), root, state


# Proofs, as an auditor is given them.


def verify_proof(proof, verifier=None):
    size, root, _ = open_checkpoint(proof["checkpoint"], verifier or proof["verifier"])
    leaf = leaf_hash(unbase64(proof["entry"]))
    check(unbase64(proof["leaf_hash"]) == leaf, "the leaf hash is not that of the entry")
    path = [unbase64(sibling) for sibling in proof["path"]]
    check(root_from_path(proof["index"], size, leaf, path) == root, "the path does not lead to the signed root")
    return size


def verify_consistency_proof(proof, verifier=None):
    verifier = verifier or proof["verifier"]
    older, newer = open_checkpoint(proof["older"], verifier), open_checkpoint(proof["newer"], verifier)
    path = [unbase64(sibling) for sibling in proof["path"]]
    verify_consistency(older[0], newer[0], older[1], newer[1], path)
    return older[0], newer[0]


# Deterministic CBOR, as far as docs/formats/entry.md goes.


class Cbor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        check(len(self.data) - self.at >= count, "the bytes end too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self):
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info
        check(info < 28, "an indefinite length, or none at all")
        width = 1 << (info - 24)
        argument = int.from_bytes(self.take(width), "big")
        least = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}[width]
        check(argument >= least, "a head that is longer than need be")
        return major, argument

    def item(self, depth):
        check(depth > 0, "too deep")
        start = self.at
        major, argument = self.head()
        if major in (0, 1):
            return argument if major == 0 else -1 - argument
        if major in (2, 3):
            data = self.take(argument)
            try:
                return data if major == 2 else data.decode()
            except UnicodeDecodeError as error:
                raise Refused("text that is not UTF-8") from error
        if major == 4:
            check(argument <= len(self.data), "an array longer than all bytes")
            return [self.item(depth - 1) for _ in range(argument)]
        if major == 5:
            return self.map(argument, depth - 1)
        check(self.data[start : self.at] in (b"\xf4", b"\xf5", b"\xf6"), "a tag, float, or unknown simple value")
        return {0xF4: False, 0xF5: True, 0xF6: None}[self.data[start]]

    def map(self, pairs, depth):
        check(pairs <= len(self.data), "a map longer than all bytes")
        found, before = {}, b""
        for _ in range(pairs):
            start = self.at
            key = self.item(depth)
            spelled = self.data[start : self.at]
            check(spelled > before, "keys that do not ascend")
            check(not isinstance(key, (list, dict)), "a key that this script does not expect")
            found[key], before = self.item(depth), spelled
        return found


def read_cbor(data):
    reader = Cbor(data)
    # An entry, its lists and their items; what is unknown in them lies as deep again.
    value = reader.item(DEPTH_MAX + 3)
    check(reader.at == len(data), "bytes behind the end")
    return value


def read_document(data):
    fields = read_cbor(data)
    check(isinstance(fields, dict) and next(iter(fields), None) == 0, "no map that begins with its format version")
    check(fields[0] == 1, f"format version {fields[0]}")
    return fields


def read_entry(data):
    """The fields by name, as docs/formats/entry.md tells them."""
    fields = read_document(data)
    known = {
        1: "wall", 2: "steady", 3: "tenant", 4: "principal", 5: "request", 6: "tongue", 7: "deeds", 8: "verdict",
        9: "rows", 10: "errands", 11: "unrecorded", 12: "log_month", 13: "sealed", 14: "state",
    }  # fmt: skip
    entry = {name: fields.get(key) for key, name in known.items()}
    for key in (1, 2, 3, 4, 5, 6, 8, 12, 13):
        check(fields.get(key) is not None, f"an entry without its {known[key]}")
    for name in ("tenant", "principal", "request"):
        check(isinstance(entry[name], bytes) and len(entry[name]) == 16, f"a {name} that is no id")
    check(isinstance(entry["sealed"], bytes), "a sealed part that is no bytes")
    state = entry["state"]
    check(14 not in fields or (isinstance(state, bytes) and len(state) == 32), "a state root that is no hash")
    entry["deeds"] = [[d[0], d[1].hex(), d[2] if len(d) > 2 else None] for d in entry["deeds"] or []]
    entry["rows"] = [
        {"table": r[0], "id": r[1].hex(), "before": r[2].hex() if r[2] is not None else None, "after": r[3].hex()}
        for r in entry["rows"] or []
    ]
    errands = entry.pop("errands") or []
    entry["scrubs"] = [errand[1].hex() for errand in errands if errand[0] == 1]
    entry["prunes"] = [errand[1] for errand in errands if errand[0] == 2]
    entry["unrecorded"] = entry["unrecorded"] or 0
    verdict = entry["verdict"]
    if verdict == 0:
        entry["verdict"] = "done"
    elif isinstance(verdict, list):
        entry["verdict"] = dict(zip(("prefix", "reason", "first", "last", "count"), verdict))
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in entry.items()}


def read_detail(data):
    pairs = read_cbor(data)
    check(isinstance(pairs, list), "a detail that is no list")
    return [[key, {"bytes": value.hex()} if isinstance(value, bytes) else value] for key, value, *_ in pairs]


def row_hash(row):
    numbers = lambda name: bytes.fromhex(row[name])
    return sha256(
        b"keyward row v1\0\0" + bytes([row["table"]]) + numbers("id") + struct.pack(">Q", row["revision"])
        + numbers("tenant") + numbers("place") + numbers("owner") + struct.pack(">q", row["due"]) + numbers("blob")
    )  # fmt: skip


# The vectors.


def refuses(act):
    try:
        act()
    except Refused:
        return True
    return False


def test_tree(tree):
    entries = [bytes.fromhex(entry) for entry in tree["entries"]]
    leaves = [leaf_hash(entry) for entry in entries]
    hexes = lambda hashes: [one.hex() for one in hashes]
    check(hexes(leaves) == tree["leaf_hashes"], "leaf hashes differ")
    check([tree_root(leaves[:n]).hex() for n in range(9)] == tree["roots"], "roots differ")
    check([frontier_root(frontier(leaves[:n])).hex() for n in range(9)] == tree["roots"], "frontiers' roots differ")
    check(frontier(leaves[: tree["frontier"]["size"]]).hex() == tree["frontier"]["bytes"], "frontiers differ")
    for case in tree["inclusion"]:
        index, size = case["index"], case["size"]
        path = inclusion_path(index, leaves[:size])
        check(hexes(path) == case["path"], f"inclusion of {index} in {size} differs")
        check(root_from_path(index, size, leaves[index], path) == tree_root(leaves[:size]), "it does not prove")
    for case in tree["consistency"]:
        older, newer = case["older"], case["newer"]
        path = consistency_path(older, leaves[:newer])
        check(hexes(path) == case["path"], f"consistency of {older} with {newer} differs")
        verify_consistency(older, newer, tree_root(leaves[:older]), tree_root(leaves[:newer]), path)
    check(len(tree["inclusion"]) == len(tree["consistency"]) == 36, "cases are missing")


def test_log(log):
    test_tree(log["tree"])
    batch = {name: bytes.fromhex(value) if isinstance(value, str) else value for name, value in log["batch"].items()}
    entries = split_batch(batch["entries"])
    known = log["tree"]["entries"][batch["first"] :]
    check([entry.hex() for entry in entries] == known and len(entries) == batch["count"], "the batch's entries differ")
    named = ("first", "count", "wall", "state", "frontier", "entries")
    check(batch_mac(batch["mac_key"], *(batch[name] for name in named)) == batch["mac"], "the batch's mac differs")

    checkpoint = log["checkpoint"]
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(checkpoint["seed"]))
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    check(public.hex() == checkpoint["public"], "the public key differs")
    check(verifier_line(checkpoint["origin"], public) == checkpoint["verifier"], "the verifier differs")
    size, root, state = open_checkpoint(checkpoint["note"], checkpoint["verifier"])
    said = (checkpoint["size"], log["tree"]["roots"][size], checkpoint["state"])
    check((size, root.hex(), state.hex()) == said, "the checkpoint differs")
    encoded = [base64.b64encode(one).decode() for one in (root, state)]
    text = f"{checkpoint['origin']}\n{size}\n{encoded[0]}\nstate {encoded[1]}\n"
    line = base64.b64encode(key_id(checkpoint["origin"], public) + private.sign(text.encode())).decode()
    check(f"{text}\n\u2014 {checkpoint['origin']} {line}\n" == checkpoint["note"], "the note differs")
    test_proofs(log)


def test_proofs(log):
    proof, consistency = log["inclusion_proof"], log["consistency_proof"]
    check(verify_proof(proof) == 8 and verify_consistency_proof(consistency) == (5, 8), "proofs differ")
    other = verifier_line(log["checkpoint"]["origin"], b"\1" * 32)
    wrong = [
        {"index": proof["index"] - 1}, {"index": 8}, {"entry": "QEFCRA=="}, {"leaf_hash": proof["path"][0]},
        {"path": proof["path"][:-1]}, {"path": proof["path"] + proof["path"][:1]}, {"path": proof["path"][::-1]},
        {"checkpoint": proof["checkpoint"].replace("\n8\n", "\n9\n")}, {"checkpoint": consistency["older"]},
        {"verifier": other},
    ]  # fmt: skip
    for change in wrong:
        check(refuses(lambda: verify_proof(proof | change)), f"a proof with another {change} is believed")
    check(refuses(lambda: verify_proof(proof, other)), "a proof is believed by another key")
    for change in ({"path": consistency["path"][1:]}, {"older": consistency["newer"]}, {"newer": consistency["older"]}):
        check(refuses(lambda: verify_consistency_proof(consistency | change)), f"another {change} is believed")


def test_entries(vectors):
    for case in vectors["entries"]:
        data = bytes.fromhex(case["bytes"])
        check(leaf_hash(data).hex() == case["leaf_hash"], f"the leaf hash of {case['name']} differs")
        for name, value in read_entry(data).items():
            check(value == case[name], f"{name} of {case['name']} is {value}, not {case[name]}")
    detail = vectors["detail"]
    check(read_detail(bytes.fromhex(detail["bytes"])) == detail["values"], "the detail differs")
    bound = vectors["detail_associated"]
    check(bound["site"] + bound["tenant"] + bound["request"] == bound["bytes"], "the detail's associated data differs")
    for case in vectors["refused"]:
        check(refuses(lambda: read_entry(bytes.fromhex(case["bytes"]))), f"{case['why']}: is read")


def test_rows(vectors):
    check(row_hash(vectors["row"]).hex() == vectors["row"]["hash"], "the row hash differs")
    ids = {}
    for case in vectors["objects"]:
        fields = read_document(bytes.fromhex(case["plaintext"]))
        ids[case["name"]] = case["id"]
        if case["name"] == "material":
            made = sha256(b"keyward material" + fields[1] + struct.pack(">I", fields[3]))[:16]
            check(made.hex() == case["id"] and fields[6] == b"\x5e" * 32, "the material differs")
            tail = fields[1].hex() + struct.pack(">IHB", fields[3], fields[4], fields[5]).hex()
        if case["name"] == "log key":
            made = sha256(b"keyward log key" + fields[1] + struct.pack(">I", fields[2]))[:16]
            check(made.hex() == case["id"], "the id of the log key differs")
    associated = vectors["associated"]
    head = b"keyward row v1\0\0".hex() + associated["site"] + associated["tenant"]
    check(associated["key"] == head + "03" + ids["key"], "the associated data of a key differs")
    check(associated["material"] == head + "04" + ids["material"] + tail, "the associated data of material differs")


def self_test(directory):
    for name, test in (("log", test_log), ("entry", test_entries), ("rows", test_rows)):
        test(json.loads((directory / f"{name}.json").read_text(encoding="utf-8")))
        print(f"{name}: as the document says")


def read_input(name):
    return sys.stdin.read() if name == "-" else pathlib.Path(name).read_text(encoding="utf-8")


def entry_bytes(text):
    if text.lstrip().startswith("{"):
        return unbase64(json.loads(text)["entry"])
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Refused("neither a proof nor hexadecimal") from error


def run(command, name, verifier):
    if command == "verify-proof":
        proof = json.loads(read_input(name))
        size = verify_proof(proof, verifier)
        print(f"entry {proof['index']} is in the log of {size} entries")
    elif command == "verify-consistency":
        older, newer = verify_consistency_proof(json.loads(read_input(name)), verifier)
        print(f"the log of {newer} entries begins with that of {older}")
    elif command == "decode-entry":
        print(json.dumps(read_entry(entry_bytes(read_input(name))), indent=2, ensure_ascii=False))
    else:
        self_test(pathlib.Path(name))


def main(arguments):
    verifier = None
    if "--verifier" in arguments:
        at = arguments.index("--verifier")
        verifier, arguments = "".join(arguments[at + 1 : at + 2]), arguments[:at] + arguments[at + 2 :]
        if not verifier:
            sys.exit(__doc__)
    if arguments == ["self-test"]:
        vectors = pathlib.Path(__file__).resolve().parents[2] / "docs" / "formats" / "vectors"
        arguments = ["self-test", str(vectors)]
    commands = ("verify-proof", "verify-consistency", "decode-entry", "self-test")
    if len(arguments) != 2 or arguments[0] not in commands:
        sys.exit(__doc__)
    try:
        run(arguments[0], arguments[1], verifier)
    except Refused as refusal:
        sys.exit(f"refused: {refusal}")
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        sys.exit(f"refused: not of the documented shape ({error!r})")


if __name__ == "__main__":
    main(sys.argv[1:])
