#!/usr/bin/env python3
"""Recovers key material from a copy of an embedded database and its root key, from docs/formats/rows.md, entry.md (CBOR)
and seal.md alone: root key > site KEK > tenant KEK > material. Shares no code with Keyward.

  recover.py material DATABASE ROOT-KEY   the material of every key, as JSON
  recover.py all DATABASE ROOT-KEY        KEKs, log keys and access keys' secrets too
  recover.py self-test [DIRECTORY]        against the vectors, and a database of its own making

DATABASE: a copy with its -wal file beside it, for opening it may write. ROOT-KEY: the file that `init` wrote, one line of
`keyward-root-v1` and 64 hexadecimal digits. Needs the package `cryptography`. Exit 1: a row that should open does not, and is named.

What it prints is what Keyward is there to keep. Use it on tests, or when nothing else is left.
"""

import hashlib
import json
import pathlib
import sqlite3
import struct
import sys

import seal

TENANT, KEY, MATERIAL, ACCESS_KEY, KEK, LOG_KEY = 1, 3, 4, 7, 11, 12
SITE_TENANT = b"\xff" * 16


class Refused(Exception):
    pass


# CBOR (entry.md), no more than rows need.


def decode(data):
    value, rest = item(data)
    if rest:
        raise Refused("bytes after the item")
    return value


def head(data):
    if not data:
        raise Refused("cut off")
    major, small = data[0] >> 5, data[0] & 31
    if small < 24:
        return major, small, data[1:]
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(small)
    if size is None or len(data) < 1 + size:
        raise Refused("a head that is none")
    return major, int.from_bytes(data[1 : 1 + size], "big"), data[1 + size :]


def item(data):
    if data[:1] in (b"\xf4", b"\xf5", b"\xf6"):
        return {0xF4: False, 0xF5: True, 0xF6: None}[data[0]], data[1:]
    major, number, rest = head(data)
    if major == 0:
        return number, rest
    if major == 1:
        return -1 - number, rest
    if major in (2, 3):
        if len(rest) < number:
            raise Refused("cut off")
        raw = rest[:number]
        return (raw if major == 2 else raw.decode()), rest[number:]
    if major not in (4, 5):
        raise Refused(f"major type {major}")
    items = []
    for _ in range(number * (2 if major == 5 else 1)):
        value, rest = item(rest)
        items.append(value)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), rest


# Rows (rows.md).


def associated(site, tenant, table, row_id, material=None):
    """`material`: key id, version, algorithm and purpose, for a row of that table."""
    bound = b"keyward row v1\x00\x00" + site + tenant + bytes([table]) + row_id
    if material:
        key, version, algorithm, purpose = material
        bound += key + struct.pack(">IHB", version, algorithm, purpose)
    return bound


def material_id(key, version):
    return hashlib.sha256(b"keyward material" + key + struct.pack(">I", version)).digest()[:16]


def open_row(site, kek, row, material=None):
    """The object in a row: a map."""
    table, row_id, tenant, blob = row
    try:
        plaintext = seal.open_seal(kek, associated(site, tenant, table, row_id, material), blob)
        return decode(plaintext)
    except (seal.Refused, Refused) as why:
        raise Refused(f"row {table}/{row_id.hex()}: {why}") from None


# The embedded database: `facts`, and `rows` with their blobs in slots: length, 4 bytes, then the blob, then zeros.


def fact(database, name):
    found = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    if not found:
        raise Refused(f"the database has no fact `{name}`")
    return bytes(found[0])


def rows(database, table):
    sql = "SELECT tbl, id, tenant, bytes FROM rows JOIN blobs USING (slot) WHERE tbl = ? ORDER BY id"
    for table, row_id, tenant, slot in database.execute(sql, (table,)):
        (length,) = struct.unpack_from(">I", slot)
        if length:
            yield table, bytes(row_id), bytes(tenant), bytes(slot[4 : 4 + length])


def rows_of(database, table, keks):
    """Without the rows of tenants whose KEK was destroyed: they are meant to open no more."""
    return (row for row in rows(database, table) if row[2] in keks)


def recover(database, root):
    """Everything secret, as dictionaries."""
    site = fact(database, "site")
    keks = {row[1]: row for row in rows(database, KEK)}
    if SITE_TENANT not in keks:
        raise Refused("the site has no KEK row")
    site_key = open_row(site, root, keks.pop(SITE_TENANT))[3]
    site_kek, site_secret = site_key[:32], site_key[32:]
    yield {"what": "site KEK", "secret": site_kek}
    yield {"what": "site secret", "secret": site_secret}

    by_tenant = {SITE_TENANT: site_kek}
    for tenant, row in keks.items():
        by_tenant[tenant] = open_row(site, site_kek, row)[3]
        yield {"what": "tenant KEK", "tenant": tenant, "secret": by_tenant[tenant]}
    yield from materials(database, site, by_tenant)
    for row in rows_of(database, LOG_KEY, by_tenant):
        log_key = open_row(site, by_tenant[row[2]], row)
        yield {"what": "log key", "tenant": row[2], "month": log_key[2], "secret": log_key[3]}
    for row in rows_of(database, ACCESS_KEY, by_tenant):
        access = open_row(site, by_tenant[row[2]], row)
        yield {"what": "access key", "tenant": row[2], "id": access[1], "secret": access[5]}


def materials(database, site, keks):
    """A material's row is named by key and version, which its key's row knows."""
    left = {row[1]: row for row in rows_of(database, MATERIAL, keks)}
    for row in rows_of(database, KEY, keks):
        key = open_row(site, keks[row[2]], row)
        for version in key.get(12, []):
            stored = left.pop(material_id(row[1], version[0]), None)
            if stored is None:
                continue
            algorithm = version[7] if len(version) > 7 and version[7] is not None else key[6]
            material = open_row(site, keks[row[2]], stored, (row[1], version[0], algorithm, key[5]))
            yield {"what": "material", "tenant": row[2], "key": row[1], "version": version[0],
                   "algorithm": algorithm, "secret": material[6]}
    if left:
        raise Refused("material of no key: " + ", ".join(row_id.hex() for row_id in left))


def root_key(raw):
    """One line: `keyward-root-v1`, a space, 64 hexadecimal digits."""
    label, _, digits = raw.decode("ascii", "replace").removesuffix("\n").partition(" ")
    if label != "keyward-root-v1" or len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise Refused("no root key file: one line, `keyward-root-v1` and 64 hexadecimal digits")
    return bytes.fromhex(digits)


def shown(found):
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in found.items()}


# A database of its own making.


def encode(value):
    def headed(major, number):
        for small, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 24:
                return bytes([major << 5 | number])
            if number < 1 << 8 * size:
                return bytes([major << 5 | small]) + number.to_bytes(size, "big")

    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return headed(0, value)
    if isinstance(value, (bytes, str)):
        raw = value if isinstance(value, bytes) else value.encode()
        return headed(2 if isinstance(value, bytes) else 3, len(raw)) + raw
    if isinstance(value, list):
        return headed(4, len(value)) + b"".join(map(encode, value))
    return headed(5, len(value)) + b"".join(encode(k) + encode(v) for k, v in sorted(value.items()))


def made_database(root, edit=None):
    site, tenant, key = b"\x77" * 16, b"\x11" * 16, b"\x44" * 16
    site_key, tenant_kek, material = b"\xa1" * 32 + b"\xa2" * 32, b"\xb1" * 32, b"\x5e" * 32
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE facts (name TEXT, value BLOB); CREATE TABLE rows (tbl INTEGER, id BLOB, tenant BLOB, slot INTEGER);"
        "CREATE TABLE blobs (slot INTEGER PRIMARY KEY, bytes BLOB);"
    )
    database.execute("INSERT INTO facts VALUES ('site', ?)", (site,))

    def put(kek, table, row_id, owner, value, bound=None):
        blob = seal.seal(kek, associated(site, owner, table, row_id, bound), encode(value), b"\x01" * 16, row_id[:12])
        slot = struct.pack(">I", len(blob)) + blob + bytes(-(4 + len(blob)) % 64)
        at = database.execute("INSERT INTO blobs (bytes) VALUES (?)", (slot,)).lastrowid
        database.execute("INSERT INTO rows VALUES (?, ?, ?, ?)", (table, row_id, owner, at))

    put(root, KEK, SITE_TENANT, SITE_TENANT, {0: 1, 1: SITE_TENANT, 2: 1, 3: site_key})
    put(site_key[:32], KEK, tenant, SITE_TENANT, {0: 1, 1: tenant, 2: 1, 3: tenant_kek})
    put(tenant_kek, KEY, key, tenant, {0: 1, 5: 1, 6: 3, 12: [[1, [2]], [2, [2]]]})
    put(tenant_kek, MATERIAL, material_id(key, 2), tenant, {0: 1, 6: material}, (key, 2, 3, edit or 1))
    put(tenant_kek, LOG_KEY, b"\x99" * 16, tenant, {0: 1, 1: tenant, 2: 202611, 3: b"\xc1" * 32})
    put(tenant_kek, ACCESS_KEY, b"\x98" * 16, tenant, {0: 1, 1: "AKIATEST", 5: b"secret"})
    return database


def refuses(database, root):
    try:
        list(recover(database, root))
        return False
    except Refused:
        return True


def not_root_key(raw):
    try:
        root_key(raw)
        return False
    except Refused:
        return True


def self_test(directory):
    vectors = json.loads((directory / "rows.json").read_text())
    raw = {name: bytes.fromhex(value) for name, value in vectors["associated"].items()}
    key = b"\x44" * 16
    assert associated(raw["site"], raw["tenant"], KEY, key) == raw["key"]
    bound = (key, 2, 3, 1)
    assert associated(raw["site"], raw["tenant"], MATERIAL, material_id(key, 2), bound) == raw["material"]
    objects = {made["table"]: decode(bytes.fromhex(made["plaintext"])) for made in vectors["objects"]}
    assert objects[MATERIAL][6] == b"\x5e" * 32
    assert all(made[0] == 1 for made in objects.values())

    root = b"\x0d" * 32
    found = {made["what"]: made["secret"] for made in recover(made_database(root), root)}
    assert found["material"] == b"\x5e" * 32 and found["site secret"] == b"\xa2" * 32, found
    assert found["log key"] == b"\xc1" * 32 and found["access key"] == b"secret" and len(found) == 6, found
    assert refuses(made_database(root), b"\x0e" * 32), "another root key"
    assert refuses(made_database(root, edit=2), root), "material bound to another purpose"
    assert root_key(b"keyward-root-v1 " + root.hex().encode() + b"\n") == root
    for wrong in (root, root.hex().encode(), b"keyward-root-v1 0d", b"keyward-root-v2 " + root.hex().encode()):
        assert not_root_key(wrong), wrong


def main(arguments):
    here = pathlib.Path(__file__).resolve().parent
    if arguments[:1] == ["self-test"] and len(arguments) < 3:
        self_test(pathlib.Path(arguments[1]) if len(arguments) == 2 else here / "../../docs/formats/vectors")
        print("recover.py: ok")
    elif arguments[:1] in (["material"], ["all"]) and len(arguments) == 3:
        verb, path, root = arguments
        if not pathlib.Path(path).is_file():
            raise Refused(f"there is no file {path}")
        found = recover(sqlite3.connect(path), root_key(pathlib.Path(root).read_bytes()))
        wanted = [shown(made) for made in found if verb == "all" or made["what"] == "material"]
        json.dump(wanted, sys.stdout, indent=1)
        print()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as why:
        sys.exit(f"recover.py: {why}")
