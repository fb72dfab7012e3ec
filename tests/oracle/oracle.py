#!/usr/bin/env python3
"""The outside oracle: puts load on a server and writes down what it was told, then says what must be true of it.

  oracle.py load PORT CA IDENTITY SECRET FILE SEED WORKERS     until its standard input ends

Each line of FILE is one request of one worker: {"at", "w": worker, "n": number, "op", "body"} before it is sent, and
{"at", "w", "n", "id", "status", "answer"} once it is answered; "at" is in monotonic nanoseconds. It shares no code with
Keyward, and runs as a process of its own, so that nothing the server does can take back what it wrote.
"""

import base64
import json
import pathlib
import random
import sys
import threading
import time
import typing

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import wire as wires  # noqa: E402


# How a server in trouble turns a request away, so that SDKs try again.
UNAVAILABLE = ("DependencyTimeoutException", "KMSInternalException")


class Place:
    """Where the server is; what `wire` asks of a house."""

    def __init__(self, port, ca):
        self.port, self.ca = int(port), ca


class Notes:
    def __init__(self, path):
        self.file, self.lock = open(path, "a", encoding="utf-8"), threading.Lock()

    def write(self, **line):
        text = json.dumps({"at": time.monotonic_ns(), **line}) + "\n"
        with self.lock:
            self.file.write(text)
            self.file.flush()


class Live:
    """Notes of one worker that are taken in at once."""

    def __init__(self, told):
        self.told, self.asked = told, None

    def write(self, **line):
        if "op" in line:
            self.asked = line
        else:
            asked, self.asked = self.asked, None
            self.told.answered(asked, line)

    def lose(self):
        """The connection broke before the answer."""
        if self.asked:
            self.told.lost += 1
            self.told.may_have_happened(self.asked["op"], self.asked["body"])
            self.asked = None


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
        return f"{self.seed}-{self.number}-{self.count}".replace(".", "_")  # As aliases may be named

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

# What a key in these states refuses, and how; all else it does.
DISABLED = dict.fromkeys(("Encrypt", "Decrypt", "RotateKeyOnDemand"), "DisabledException")
NOT_PENDING = {"CancelKeyDeletion": "KMSInvalidStateException"}
PENDING = dict.fromkeys(("Encrypt", "Decrypt", "RotateKeyOnDemand", "TagResource", "UntagResource", "DisableKey",
                         "EnableKey", "UpdateKeyDescription", "ScheduleKeyDeletion", "CreateAlias", "UpdateAlias"),
                        "KMSInvalidStateException")
REFUSED = {"Enabled": NOT_PENDING, "Disabled": {**NOT_PENDING, **DISABLED}, "PendingDeletion": PENDING}
BECOMES = {"DisableKey": "Disabled", "EnableKey": "Enabled", "ScheduleKeyDeletion": "PendingDeletion",
           "CancelKeyDeletion": "Disabled"}
ROTATIONS_MAX = 25


class Key(typing.NamedTuple):
    """What a key is. Where an answer is missing, it may be one of several."""

    description: str
    state: str = "Enabled"
    tags: tuple = ()
    rotations: int = 0

    def code(self, operation):
        """How it refuses, or nothing."""
        refused = REFUSED[self.state].get(operation)
        if not refused and operation == "RotateKeyOnDemand" and self.rotations >= ROTATIONS_MAX:
            return "LimitExceededException"
        return refused

    def after(self, operation, body):
        if operation == "UpdateKeyDescription":
            return self._replace(description=body["Description"])
        if operation == "TagResource":
            return self.tagged({**dict(self.tags), **{tag["TagKey"]: tag["TagValue"] for tag in body["Tags"]}})
        if operation == "UntagResource":
            return self.tagged({name: value for name, value in self.tags if name not in body["TagKeys"]})
        if operation == "RotateKeyOnDemand":
            return self._replace(rotations=self.rotations + 1)
        return self._replace(state=BECOMES.get(operation, self.state))

    def tagged(self, tags):
        return self._replace(tags=tuple(sorted(tags.items())))


class Told:
    """All that the oracle was told, over all its files, and what may be true by it."""

    def __init__(self):
        self.keys, self.aliases, self.blobs, self.opens = {}, {}, [], {}  # keys and aliases: all that they may be
        self.acknowledged, self.undone, self.unsure, self.lost, self.wrong = [], [], [], 0, []

    def read(self, path, until=float("inf")):
        """Takes in what was told up to a moment. How many requests had no answer then."""
        asked = {}
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            if note["at"] > until:
                continue
            place = (note["w"], note["n"])
            if "op" in note:
                asked[place] = note
            else:
                self.answered(asked.pop(place), note)
        for note in asked.values():
            self.may_have_happened(note["op"], note["body"])
        self.lost += len(asked)
        return len(asked)

    def answered(self, asked, told):
        operation, body, answer = asked["op"], asked["body"], told["answer"]
        if told["status"] >= 500:
            return self.turned_away(operation, body, told)
        self.acknowledged.append(told["id"])
        code = None if told["status"] == 200 else str(answer.get("__type", "")).rpartition("#")[2]
        if not self.fits(operation, body, code, answer):
            self.wrong.append(f"{operation} {body} answered {told}; its key may be {self.keys.get(self.key_of(operation, body))}")

    def turned_away(self, operation, body, told):
        """A server in whose way nothing stands never does it. One that says that nothing was done is held to it."""
        word, message = str(told["answer"].get("__type", "")).rpartition("#")[2], str(told["answer"].get("message", ""))
        if word not in UNAVAILABLE or told["status"] not in (500, 503):
            self.wrong.append(f"{operation} answered {told}")
        if "nothing was done" in message.lower():
            self.undone.append(told["id"])
        else:
            self.unsure.append(told["id"])
            self.may_have_happened(operation, body)

    def key_of(self, operation, body):
        if operation == "Decrypt":
            return self.opens[body["CiphertextBlob"]][1]
        return body.get("KeyId") or body.get("TargetKeyId")

    def fits(self, operation, body, code, answer):
        """Whether it can be so. From here on only that is possible which goes with the answer."""
        if operation in ("UpdateAlias", "DeleteAlias") and code in (None, "NotFoundException"):
            if not self.fits_alias(body["AliasName"], code is None):
                return False
            if code is not None:
                return True
        identity = self.key_of(operation, body)
        if identity in self.keys:
            possible = {key for key in self.keys[identity] if key.code(operation) == code}
            if not possible:
                return False
            self.keys[identity] = {key.after(operation, body) for key in possible} if code is None else possible
        elif code is not None:
            return False  # Nothing refuses a new key, and each name belongs to its worker
        return code is not None or self.succeeded(operation, body, answer)

    def fits_alias(self, name, there):
        """Whether a name can be there, or not. A deletion whose answer left it open may have taken it away."""
        possible = {target for target in self.aliases[name] if (target is not None) == there}
        self.aliases[name] = possible or self.aliases[name]
        return bool(possible)

    def succeeded(self, operation, body, answer):
        if operation == "CreateKey":
            self.keys[answer["KeyMetadata"]["KeyId"]] = {Key(body["Description"])}
        elif operation in ("CreateAlias", "UpdateAlias"):
            self.aliases[body["AliasName"]] = {body["TargetKeyId"]}
        elif operation == "DeleteAlias":
            self.aliases[body["AliasName"]] = {None}
        elif operation == "Encrypt":
            self.blobs.append((answer["CiphertextBlob"], body["EncryptionContext"], body["Plaintext"], body["KeyId"]))
            self.opens[answer["CiphertextBlob"]] = (body["Plaintext"], body["KeyId"])
        elif operation == "Decrypt":
            return answer["Plaintext"] == self.opens[body["CiphertextBlob"]][0]
        return True

    def may_have_happened(self, operation, body):
        identity, name = body.get("KeyId"), body.get("AliasName")
        if identity in self.keys:
            before = self.keys[identity]
            self.keys[identity] = before | {key.after(operation, body) for key in before if not key.code(operation)}
        if name:
            self.aliases[name] = self.aliases.get(name, {None}) | {body.get("TargetKeyId")}

    def settle_key(self, identity, found):
        """What was found after a crash is what must stay. Whether it may be."""
        right = found in self.keys[identity]
        self.keys[identity] = {found}
        return right

    def settle_alias(self, name, target):
        right = target in self.aliases[name]
        self.aliases[name] = {target}
        return right


if __name__ == "__main__":
    if len(sys.argv) != 9 or sys.argv[1] != "load":
        sys.exit(__doc__)
    load(*sys.argv[2:])
