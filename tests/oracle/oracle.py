#!/usr/bin/env python3
"""The outside oracle: puts load on a server and writes down what it was told, then says what must be true of it.

  oracle.py load PORT CA IDENTITY SECRET FILE SEED WORKERS     until its standard input ends

Each line of FILE is one request of one worker: {"w": worker, "n": number, "op", "body"} before it is sent, and
{"w", "n", "id", "status", "answer"} once it is answered. It shares no code with Keyward, and runs as a process of its
own, so that nothing the server does can take back what it wrote.
"""

import base64
import json
import pathlib
import random
import sys
import threading

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import wire as wires  # noqa: E402


class Place:
    """Where the server is; what `wire` asks of a house."""

    def __init__(self, port, ca):
        self.port, self.ca = int(port), ca


class Notes:
    def __init__(self, path):
        self.file, self.lock = open(path, "a", encoding="utf-8"), threading.Lock()

    def write(self, **line):
        text = json.dumps(line) + "\n"
        with self.lock:
            self.file.write(text)
            self.file.flush()


class Worker(threading.Thread):
    """Owns its keys: nobody else changes them, so what it was told last is what must be."""

    def __init__(self, number, wire, notes, seed, stop):
        super().__init__(daemon=True)
        self.number, self.wire, self.notes, self.stop = number, wire, notes, stop
        self.random, self.seed = random.Random(f"{seed}/{number}"), seed
        self.count, self.keys, self.blobs, self.aliases = 0, [], [], []

    def ask(self, operation, body):
        self.count += 1
        self.notes.write(w=self.number, n=self.count, op=operation, body=body)
        answer = self.wire.call(operation, body)
        told = answer.json if answer.body else {}
        self.notes.write(w=self.number, n=self.count, id=answer.id, status=answer.status, answer=told)
        return told if answer.status == 200 else None

    def run(self):
        try:
            while not self.stop.is_set():
                self.step()
        except (OSError, wires.http.client.HTTPException, ValueError):
            return  # the server is gone; what was in flight stays without an answer

    def step(self):
        choices = [(self.create, 3 if len(self.keys) < 12 else 0.2)]
        if self.keys:
            choices += [(self.encrypt, 10), (self.tag, 2), (self.describe, 1), (self.life, 2), (self.alias, 2),
                        (self.rotate, 1)]
        if self.blobs:
            choices.append((self.decrypt, 5))
        acts, weights = zip(*choices)
        self.random.choices(acts, weights)[0]()

    def name(self):
        return f"{self.seed}-{self.number}-{self.count}"

    def key(self):
        return self.random.choice(self.keys)

    def create(self):
        made = self.ask("CreateKey", {"Description": self.name()})
        if made:
            self.keys.append(made["KeyMetadata"]["KeyId"])

    def encrypt(self):
        plain = base64.b64encode(self.random.randbytes(self.random.randrange(1, 200))).decode()
        context = {"n": self.name()} if self.random.random() < 0.5 else {}
        made = self.ask("Encrypt", {"KeyId": self.key(), "Plaintext": plain, "EncryptionContext": context})
        if made:
            self.blobs.append((made["CiphertextBlob"], context))

    def decrypt(self):
        blob, context = self.random.choice(self.blobs)
        self.ask("Decrypt", {"CiphertextBlob": blob, "EncryptionContext": context})

    def tag(self):
        name = f"t{self.random.randrange(4)}"
        if self.random.random() < 0.7:
            self.ask("TagResource", {"KeyId": self.key(), "Tags": [{"TagKey": name, "TagValue": self.name()}]})
        else:
            self.ask("UntagResource", {"KeyId": self.key(), "TagKeys": [name]})

    def describe(self):
        self.ask("UpdateKeyDescription", {"KeyId": self.key(), "Description": self.name()})

    def life(self):
        operation, more = self.random.choice([("DisableKey", {}), ("EnableKey", {}), ("EnableKey", {}),
                                              ("ScheduleKeyDeletion", {"PendingWindowInDays": 7}),
                                              ("CancelKeyDeletion", {}), ("CancelKeyDeletion", {})])
        self.ask(operation, {"KeyId": self.key(), **more})

    def alias(self):
        if not self.aliases or self.random.random() < 0.6:
            name = f"alias/{self.name()}"
            if self.ask("CreateAlias", {"AliasName": name, "TargetKeyId": self.key()}) is not None:
                self.aliases.append(name)
        elif self.random.random() < 0.5:
            self.ask("UpdateAlias", {"AliasName": self.random.choice(self.aliases), "TargetKeyId": self.key()})
        else:
            name = self.random.choice(self.aliases)
            if self.ask("DeleteAlias", {"AliasName": name}) is not None:
                self.aliases.remove(name)

    def rotate(self):
        self.ask("RotateKeyOnDemand", {"KeyId": self.key()})


def load(port, ca, identity, secret, path, seed, workers):
    stop, notes = threading.Event(), Notes(path)
    crew = []
    for number in range(int(workers)):
        wire = wires.Wire(Place(port, ca), (identity, secret), plain=number % 3 == 2, kept=True)
        crew.append(Worker(number, wire, notes, seed, stop))
    [worker.start() for worker in crew]
    sys.stdin.read()
    stop.set()
    [worker.join(timeout=5) for worker in crew]


# What must be true afterwards.


class Key:
    """What a key was told to be."""

    def __init__(self, description):
        self.description, self.state, self.tags, self.rotations = description, "Enabled", {}, 0

    def apply(self, operation, body):
        if operation == "UpdateKeyDescription":
            self.description = body["Description"]
        elif operation == "TagResource":
            self.tags.update((tag["TagKey"], tag["TagValue"]) for tag in body["Tags"])
        elif operation == "UntagResource":
            [self.tags.pop(name, None) for name in body["TagKeys"]]
        elif operation == "RotateKeyOnDemand":
            self.rotations += 1
        else:
            states = {"DisableKey": "Disabled", "EnableKey": "Enabled", "ScheduleKeyDeletion": "PendingDeletion",
                      "CancelKeyDeletion": "Disabled"}
            self.state = states.get(operation, self.state)

    def facts(self):
        return (self.description, self.state, tuple(sorted(self.tags.items())), self.rotations)


class Told:
    """All that the oracle was told, over all its files."""

    def __init__(self):
        self.keys, self.aliases, self.blobs = {}, {}, []
        self.acknowledged, self.lost, self.wrong = [], 0, []
        self.maybe = {}  # keys and aliases that a request without an answer may have changed: the request

    def read(self, path):
        asked = {}
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            place = (note["w"], note["n"])
            if "op" in note:
                asked[place] = note
            else:
                self.answered(asked.pop(place), note)
        self.lost += len(asked)
        for note in asked.values():
            name = note["body"].get("AliasName") or note["body"].get("KeyId")
            if name:
                self.maybe[name] = (note["op"], note["body"])
        return len(asked)

    def answered(self, asked, told):
        operation, body, answer = asked["op"], asked["body"], told["answer"]
        if told["status"] >= 500:
            self.wrong.append(f"{operation} answered {told}")
            return
        self.acknowledged.append(told["id"])
        if told["status"] != 200:
            return
        if operation == "CreateKey":
            self.keys[answer["KeyMetadata"]["KeyId"]] = Key(body["Description"])
        elif operation in ("CreateAlias", "UpdateAlias"):
            self.aliases[body["AliasName"]] = body["TargetKeyId"]
        elif operation == "DeleteAlias":
            self.aliases[body["AliasName"]] = None
        elif operation == "Encrypt":
            self.blobs.append((answer["CiphertextBlob"], body["EncryptionContext"], body["Plaintext"], body["KeyId"]))
        elif operation != "Decrypt":
            self.keys[body["KeyId"]].apply(operation, body)

    def key_may_be(self, identity):
        """The facts that are right: one, or two where a request on the key was in flight."""
        key = self.keys[identity]
        right = {key.facts()}
        if identity in self.maybe:
            operation, body = self.maybe[identity]
            after = Key(key.description)
            after.state, after.tags, after.rotations = key.state, dict(key.tags), key.rotations
            after.apply(operation, body)
            right.add(after.facts())
        return right

    def settle_key(self, identity, facts):
        """What was found after a crash is what must stay."""
        key = self.keys[identity]
        key.description, key.state, key.tags, key.rotations = facts[0], facts[1], dict(facts[2]), facts[3]
        self.maybe.pop(identity, None)

    def alias_may_be(self, name):
        right = {self.aliases.get(name)}
        if name in self.maybe:
            operation, body = self.maybe[name]
            right.add(None if operation == "DeleteAlias" else body["TargetKeyId"])
        return right

    def settle_alias(self, name, target):
        self.aliases[name] = target
        self.maybe.pop(name, None)


if __name__ == "__main__":
    if len(sys.argv) != 9 or sys.argv[1] != "load":
        sys.exit(__doc__)
    load(*sys.argv[2:])
