"""Holds a server to what the oracle was told: its log read from the outside, its keys by asking it."""

import pathlib
import random
import subprocess
import sys

import ledger
import oracle as oracles
import wire as wires

PROGRAM = pathlib.Path(__file__).resolve().parent / "oracle.py"
BLOBS_CHECKED_MAX = 400
RESTING = {"Disabled": "DisabledException", "PendingDeletion": "KMSInvalidStateException"}


def load(house, notes, seed, workers):
    """The oracle puts load on, in a process of its own, until its standard input ends."""
    identity, secret = house.credentials()
    notes.touch()
    arguments = [PROGRAM, "load", house.port, house.ca, identity, secret, notes, seed, workers]
    return subprocess.Popen([sys.executable, *map(str, arguments)], stdin=subprocess.PIPE)


class Silent:
    """Takes down only whether anything was found wrong."""

    def __init__(self):
        self.wrong = []

    def ok(self, name, good, detail=""):
        self.wrong += [] if good else [f"{name}: {detail}"]

    def equal(self, name, got, wanted):
        self.ok(name, got == wanted, f"{got!r}, not {wanted!r}")


class Judge:
    def __init__(self, suite, house, told, seed, keys_max=None, blobs_max=BLOBS_CHECKED_MAX):
        """At most so many keys and ciphertexts are asked after, beside the newest ones; without a bound all."""
        self.suite, self.house, self.told = suite, house, told
        self.random, self.keys_max, self.blobs_max = random.Random(f"{seed}/judge"), keys_max, blobs_max
        self.seen, self.others, self.missing = [], set(), 0

    def founded(self):
        """What is in the log by now was asked by somebody else."""
        self.others = set(ledger.Log(self.house.database).by_request())
        return self

    def check(self, name):
        suite, told = self.suite, self.told
        suite.equal(f"{name}: no answer was wrong while it lived", told.wrong[:5], [])
        # Before anybody asks anything new: what is in the log now is what was answered, and what was in flight.
        log = ledger.Log(self.house.database)
        self.entries(name, log)
        wire = wires.Wire(self.house, kept=True)
        self.keys(name, wire)
        self.aliases(name, wire)
        self.ciphertexts(name, wire)
        wire.close()

    def entries(self, name, log):
        suite, found = self.suite, log.by_request()
        suite.equal(f"{name}: the log is whole", log.holds(), len(log.raw))
        suite.ok(f"{name}: it begins with what it was", log.raw[: len(self.seen)] == self.seen)
        self.seen = log.raw
        answered = [ledger.request(identity) for identity in self.told.acknowledged]
        wrong = [identity for identity in answered if len(found.get(identity, [])) != 1]
        self.missing += len(wrong)
        suite.equal(f"{name}: each answer has its entry, once", wrong[:5], [])
        twice = [identity for identity, entries in found.items() if len(entries) != 1]
        suite.equal(f"{name}: no request has two entries", twice[:5], [])
        undone = {ledger.request(identity) for identity in self.told.undone} & set(found)
        suite.equal(f"{name}: nothing was done where it said so", list(undone)[:5], [])
        unsure = {ledger.request(identity) for identity in self.told.unsure}
        nobodys = set(found) - set(answered) - unsure - self.others
        suite.ok(f"{name}: entries without an answer were in flight", len(nobodys) <= self.told.lost,
                 f"{len(nobodys)} entries, {self.told.lost} in flight")

    def ask(self, wire, operation, body):
        """Our own questions are answered too, and so have entries."""
        answer = wire.call(operation, body)
        self.told.acknowledged.append(answer.id)
        return answer

    def some(self, all_of, most):
        """Of many the newest, and others at random."""
        if most is None or len(all_of) <= most:
            return all_of
        return all_of[-most // 2:] + self.random.sample(all_of[:-most // 2], most // 2)

    def keys(self, name, wire):
        wrong = []
        for identity in self.some(list(self.told.keys), self.keys_max):
            found = self.key(wire, identity)
            right = self.told.keys[identity]
            if not isinstance(found, oracles.Key) or not self.told.settle_key(identity, found):
                wrong.append((identity, found, right))
        self.suite.ok(f"{name}: every key is as acknowledged", not wrong, wrong[:3])

    def key(self, wire, identity):
        """What the server says of it, or the answer that says nothing."""
        got = self.ask(wire, "DescribeKey", {"KeyId": identity})
        tagged = self.ask(wire, "ListResourceTags", {"KeyId": identity})
        rotated = self.ask(wire, "ListKeyRotations", {"KeyId": identity})
        for answer in (got, tagged, rotated):
            if answer.status != 200:
                return answer
        tags = tuple(sorted((tag["TagKey"], tag["TagValue"]) for tag in tagged.json["Tags"]))
        meta = got.json["KeyMetadata"]
        return oracles.Key(meta["Description"], meta["KeyState"], tags, len(rotated.json["Rotations"]))

    def aliases(self, name, wire):
        wrong = []
        for alias in self.some(list(self.told.aliases), self.keys_max):
            got = self.ask(wire, "DescribeKey", {"KeyId": alias})
            target = got.json["KeyMetadata"]["KeyId"] if got.status == 200 else None
            right = self.told.aliases[alias]
            if got.code not in (None, "NotFoundException") or not self.told.settle_alias(alias, target):
                wrong.append((alias, got, right))
        self.suite.ok(f"{name}: every alias is as acknowledged", not wrong, wrong[:3])

    def ciphertexts(self, name, wire):
        wrong = []
        for blob, context, plain, key in self.some(self.told.blobs, self.blobs_max):
            got = self.ask(wire, "Decrypt", {"CiphertextBlob": blob, "EncryptionContext": context})
            good = any(got.status == 200 and got.json["Plaintext"] == plain if may.state not in RESTING
                       else got.code == RESTING[may.state] for may in self.told.keys[key])
            if not good:
                wrong.append((key, self.told.keys[key], got))
        self.suite.ok(f"{name}: every ciphertext opens", not wrong, wrong[:3])
