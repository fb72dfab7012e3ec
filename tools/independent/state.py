#!/usr/bin/env python3
"""Keyward's state tree (docs/formats/state.md): makes trees, follows paths. Shares no code with Keyward.

  state.py self-test [DIRECTORY]      against the vectors, and against itself

Exit 0: it is as said; 1: it is not.
"""

import hashlib
import json
import pathlib
import sys

EMPTY = bytes(32)
LEAF_ROWS_MAX = 32
DEPTH_MAX = 15
LEAF, INNER = b"keyward leaf v1\0", b"keyward node v1\0"


class Refused(Exception):
    """What is said is not so, or cannot be read."""


def check(holds, why):
    if not holds:
        raise Refused(why)


def sha256(data):
    return hashlib.sha256(data).digest()


def tree_key(table, row):
    return sha256(b"keyward place v1" + bytes([table]) + row)


def nibble(key, depth):
    return key[depth // 2] >> 4 if depth % 2 == 0 else key[depth // 2] & 15


def prove(root, path, table, row):
    """The row's hash, or None where there never was such a row."""
    key, due = tree_key(table, row), root
    for depth, node in enumerate(path):
        check(due != EMPTY and sha256(node) == due, "a node is not the one that the node above says")
        label, rest = node[:16], node[16:]
        if label == INNER:
            check(len(rest) == 16 * 32, "an inner node of another length")
            at = 32 * nibble(key, depth)
            due = rest[at : at + 32]
            continue
        check(label == LEAF and len(rest) % 64 == 0, "no node")
        check(depth == len(path) - 1, "nodes below a leaf")
        rows = {rest[at : at + 32]: rest[at + 32 : at + 64] for at in range(0, len(rest), 64)}
        return rows.get(key)
    check(due == EMPTY, "the path ends too early")
    return None


def grow(rows, number=1, depth=0):
    """Hash and stored nodes, by number, of the tree over rows: (key, table, id, hash), sorted."""
    if not rows:
        return EMPTY, {}
    if len(rows) <= LEAF_ROWS_MAX or depth == DEPTH_MAX:
        hashed = LEAF + b"".join(key + value for key, _, _, value in rows)
        stored = b"\0" + b"".join(bytes([table]) + row + value for _, table, row, value in rows)
        return sha256(hashed), {number: stored}
    hashes, nodes = [], {}
    for place in range(16):
        below = [row for row in rows if nibble(row[0], depth) == place]
        made, more = grow(below, 16 * number + place, depth + 1)
        hashes.append(made)
        nodes |= more
    joined = b"".join(hashes)
    return sha256(INNER + joined), nodes | {number: b"\1" + joined}


def refuses(act):
    try:
        act()
    except Refused:
        return True
    return False


def self_test(vectors):
    unhex = bytes.fromhex
    for tree in vectors["trees"]:
        rows = [(unhex(row["key"]), row["table"], unhex(row["id"]), unhex(row["hash"])) for row in tree["rows"]]
        check(all(key == tree_key(table, row) for key, table, row, _ in rows), "keys differ")
        root, nodes = grow(sorted(rows))
        check(root.hex() == tree["root"], f"the root of {len(rows)} rows differs")
        stored = [{"id": number, "bytes": node.hex()} for number, node in sorted(nodes.items())]
        check(stored == tree["nodes"], f"the nodes of {len(rows)} rows differ")
        for proof in tree["proofs"]:
            table, row, path = proof["table"], unhex(proof["id"]), [unhex(node) for node in proof["path"]]
            found = prove(root, path, table, row)
            check((found and found.hex()) == proof["hash"], "a proof says something else")
            for cut in range(len(path)):
                check(refuses(lambda: prove(root, path[:cut], table, row)), "half a path proves something")
                edited = path[:cut] + [path[cut][:-1] + b"x"] + path[cut + 1 :]
                check(refuses(lambda: prove(root, edited, table, row)), "an edited path proves something")
            check(not path or refuses(lambda: prove(root, path + path[-1:], table, row)), "a longer path proves something")
    check(len(vectors["trees"]) == 5, "trees are missing")
    print("state: as the document says")


def main(arguments):
    if not arguments or arguments[0] != "self-test" or len(arguments) > 2:
        sys.exit(__doc__)
    directory = pathlib.Path(__file__).resolve().parents[2] / "docs" / "formats" / "vectors"
    directory = pathlib.Path(arguments[1]) if len(arguments) == 2 else directory
    try:
        self_test(json.loads((directory / "state.json").read_text(encoding="utf-8")))
    except Refused as refusal:
        sys.exit(f"refused: {refusal}")


if __name__ == "__main__":
    main(sys.argv[1:])
