"""Reads a site's log from the outside: from the database's bytes, by the documents. Shares no code with Keyward.

The database is copied first, with its write-ahead log, so that a running server is not disturbed.
"""

import contextlib
import pathlib
import shutil
import sqlite3
import struct
import sys
import tempfile
import uuid

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools/independent"))
import log as documents  # noqa: E402
import recover  # noqa: E402
import seal  # noqa: E402

# docs/formats/entry.md, "The sealed part".
DETAIL = {1: "name", 2: "account", 3: "access_key", 5: "address", 6: "agent", 7: "operation", 8: "location",
          9: "asked", 10: "context", 11: "statement", 12: "reason", 13: "algorithm", 14: "bytes", 16: "status"}
ACTIONS = {"FoundSite": 96, "CountRefusals": 97, "Encrypt": 30, "Decrypt": 31, "CreateKey": 1, "CreateAlias": 21}


@contextlib.contextmanager
def opened(database):
    """A connection to a copy. What is in the write-ahead log counts, as it would after a crash."""
    database = pathlib.Path(database)
    with tempfile.TemporaryDirectory(prefix="keyward-copy-") as folder:
        copy = pathlib.Path(folder) / database.name
        # The log first: what is checkpointed meanwhile is then in the database too.
        for suffix in ("-wal", ""):
            if pathlib.Path(f"{database}{suffix}").exists():
                shutil.copyfile(f"{database}{suffix}", f"{copy}{suffix}")
        connection = sqlite3.connect(copy)
        try:
            yield connection
        finally:
            connection.close()


class Postgres:
    """What `opened` is of a file, of a database in PostgreSQL: docs/formats/store-postgres.md."""

    def __init__(self, server, database="keyward"):
        self.server, self.database = server, database

    def batches(self):
        sql = "SELECT first, count, encode(entries, 'hex'), encode(frontier, 'hex') FROM keyward.batches ORDER BY first"
        for line in self.server.sql(sql, self.database).splitlines():
            first, count, entries, frontier = line.split("|")
            yield int(first), int(count), bytes.fromhex(entries), bytes.fromhex(frontier)

    def newest_note(self):
        sql = "SELECT encode(convert_to(note, 'UTF8'), 'hex') FROM keyward.checkpoints ORDER BY size DESC LIMIT 1"
        return bytes.fromhex(self.server.sql(sql, self.database)).decode() or None


def read(database):
    """The batches of a database, and its newest checkpoint."""
    if isinstance(database, Postgres):
        return list(database.batches()), database.newest_note()
    with opened(database) as connection:
        sql = "SELECT first, count, entries, frontier FROM batches ORDER BY first"
        newest = connection.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
        return list(connection.execute(sql)), newest[0] if newest else None


def batches(connection):
    """Those of a database that is open."""
    return in_order(connection.execute("SELECT first, count, entries, frontier FROM batches ORDER BY first"))


def in_order(found):
    """First index, count, entries, and frontier of each batch, in order; refused if one is missing."""
    expected = None
    for first, count, entries, frontier in found:
        if expected is not None and first != expected:
            raise documents.Refused(f"a gap before entry {first}: {expected} was expected")
        found = documents.split_batch(entries)
        documents.check(len(found) == count, f"batch {first} says {count} entries and has {len(found)}")
        expected = first + count
        yield first, found, frontier


class Log:
    """The whole log: entries by index, their hashes, and the newest checkpoint."""

    def __init__(self, database):
        found, self.checkpoint = read(database)
        self.raw, self.frontier = [], b""
        for first, entries, edge in in_order(found):
            documents.check(first == len(self.raw), f"the log does not begin at 0 but at {first}")
            self.raw += entries
            self.frontier = edge
        self.entries = [documents.read_entry(raw) for raw in self.raw]

    def holds(self):
        """The tree over all entries is the one whose edge is kept, and the checkpoint's."""
        hashes = [documents.leaf_hash(raw) for raw in self.raw]
        root = fast_root(hashes)
        documents.check(struct.unpack(">Q", self.frontier[:8])[0] == len(hashes), "the frontier is of another size")
        documents.check(documents.frontier_root(self.frontier) == root, "the frontier leads to another root")
        documents.check(self.checkpoint is not None, "there is no checkpoint")
        _, size, signed = self.checkpoint.split("\n")[:3]
        signed_root = documents.unbase64(signed)
        documents.check(int(size) <= len(hashes), "the log is shorter than its newest checkpoint")
        documents.check(fast_root(hashes[: int(size)]) == signed_root, "the checkpoint is of another tree")
        return len(hashes)

    def by_request(self):
        """How many entries each request has. Sums of refusals and the house's own work are nobody's request."""
        found = {}
        for entry in self.entries:
            if entry["tongue"] != 5:
                found.setdefault(request(entry["request"]), []).append(entry)
        return found

    def refusals(self):
        """Counts of refusals by reason, over all sums."""
        found = {}
        for entry in self.entries:
            if isinstance(entry["verdict"], dict):
                reason = entry["verdict"]["reason"]
                found[reason] = found.get(reason, 0) + entry["verdict"]["count"]
        return found


def request(identifier):
    """A request's id as `by_request` has it, from how an answer spells it."""
    return uuid.UUID(identifier).hex


def fast_root(hashes):
    """As RFC 6962 defines it, level by level."""
    if not hashes:
        return documents.sha256(b"")
    level = hashes
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        level = [documents.node_hash(a, b) for a, b in zip(level[::2], level[1::2])] + odd
    return level[0]


def details(database, root_key_file):
    """Opens the sealed part of every entry. Yields (entry, detail)."""
    root = recover.root_key(pathlib.Path(root_key_file).read_bytes())
    with opened(database) as connection:
        site = recover.fact(connection, "site")
        found = list(recover.recover(connection, root))
        keys = {(made["tenant"], made["month"]): made["secret"] for made in found if made["what"] == "log key"}
        for _, raw_entries, _ in batches(connection):
            for raw in raw_entries:
                entry = documents.read_entry(raw)
                tenant, request = bytes.fromhex(entry["tenant"]), bytes.fromhex(entry["request"])
                key = keys.get((tenant, entry["log_month"]))
                documents.check(key is not None, f"no log key for tenant {entry['tenant']} {entry['log_month']}")
                plain = seal.open_seal(key, site + tenant + request, bytes.fromhex(entry["sealed"]))
                yield entry, {DETAIL.get(k, k): value for k, value in documents.read_detail(plain)}
