#!/usr/bin/env python3
"""Checks signed reports, written from docs/formats/report.md alone.

    report.py FILE [VERIFIER]    says what the report says, if its signature holds
    report.py make               prints the vector
    report.py self-test          holds the vector against this reader"""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TYPE = "application/vnd.keyward.report+json"
FORMAT = "keyward-report/1"
VECTOR = pathlib.Path(__file__).resolve().parents[2] / "docs/formats/vectors/report-v1.json"


class Refused(Exception):
    pass


def encoding(payload):
    return b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(payload), payload)


def verifier_line(name, public):
    key = b"\x01" + public
    begin = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex()
    return f"{name}+{begin}+{base64.b64encode(key).decode()}"


def public_of(line):
    name, _, rest = line.partition("+")
    _, _, key = rest.partition("+")
    raw = base64.b64decode(key, validate=True)
    if len(raw) != 33 or raw[:1] != b"\x01" or verifier_line(name, raw[1:]) != line:
        raise Refused("the verifier is not readable")
    return Ed25519PublicKey.from_public_bytes(raw[1:])


def verify(text, verifier=None):
    """What the report says."""
    try:
        envelope = json.loads(text)
        if envelope["payloadType"] != TYPE:
            raise Refused("it is of another type")
        payload = base64.b64decode(envelope["payload"], validate=True)
        (signature,) = envelope["signatures"]
        line = signature["keyid"]
        if verifier is not None and line != verifier:
            raise Refused(f"it was signed by {line}")
        public_of(line).verify(base64.b64decode(signature["sig"], validate=True), encoding(payload))
        told = json.loads(payload)
    except InvalidSignature:
        raise Refused("it was edited") from None
    except (ValueError, KeyError, TypeError) as why:
        raise Refused(f"it is no report: {why}") from None
    if told.get("format") != FORMAT or told.get("signer") != line:
        raise Refused("its content is of another format, or names another signer")
    sound = told["checks"]["failed"] == 0 and told["failures"] == []
    if told["verdict"] not in ("passed", "failed") or (told["verdict"] == "passed" and not sound):
        raise Refused("its verdict does not follow from its checks")
    return told


def envelope(told, key, line):
    payload = json.dumps(told | {"signer": line}, separators=(",", ":")).encode()
    signed = key.sign(encoding(payload))
    return {"payloadType": TYPE, "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": line, "sig": base64.b64encode(signed).decode()}]}


def make():
    key = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
    line = verifier_line("keyward.example/drills", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    told = {"format": FORMAT, "kind": "drill-rollback", "version": "keyward 1.0.0", "binary_sha256": "00" * 32,
            "operator": "uid 1000", "site": "11" * 16, "origin": "keyward.example/log",
            "log": {"size": 42, "root": base64.b64encode(b"\x22" * 32).decode()},
            "started": "2026-11-25T09:53:03.250Z", "ended": "2026-11-25T09:53:05.250Z", "seconds": 2.0,
            "steps": [{"name": "copy", "seconds": 0.5}], "counts": {"rows": 7},
            "measured": {"rto_seconds": 0.25, "rpo_entries": 0},
            "checks": {"passed": 3, "failed": 0, "skipped": 0}, "failures": [], "verdict": "passed"}
    good = envelope(told, key, line)
    other = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
    foreign = verifier_line("keyward.example/other", other.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    payload = base64.b64decode(good["payload"])
    edited = base64.b64encode(payload.replace(b'"size":42', b'"size":43')).decode()
    failed = told | {"failures": ["a key does not open"], "checks": {"passed": 2, "failed": 1, "skipped": 0}}
    refused = [("edited", good | {"payload": edited}),
               ("cut", good | {"payload": good["payload"][:-8]}),
               ("another type", good | {"payloadType": "application/json"}),
               ("signed by another key in its name",
                envelope(told, other, line)),
               ("another signer", envelope(told, other, foreign)),
               ("no signature", good | {"signatures": []}),
               ("two signatures", good | {"signatures": good["signatures"] * 2}),
               ("a newer format", envelope(told | {"format": "keyward-report/2"}, key, line)),
               ("a verdict against its checks", envelope(failed, key, line))]
    return {"verifier": line, "report": good, "says": told | {"signer": line},
            "refused": [{"why": why, "report": report} for why, report in refused]}


def check():
    vector = json.loads(VECTOR.read_text())
    assert vector == make(), "the vector is another than this script makes"
    assert verify(json.dumps(vector["report"]), vector["verifier"]) == vector["says"]
    for one in vector["refused"]:
        try:
            verify(json.dumps(one["report"]), vector["verifier"])
        except Refused:
            continue
        raise AssertionError(f"not refused: {one['why']}")
    print(f"report: 1 read, {len(vector['refused'])} refused")


def main():
    match sys.argv[1:]:
        case ["make"]:
            print(json.dumps(make(), indent=1))
        case ["self-test"]:
            check()
        case [file, *rest]:
            told = verify(pathlib.Path(file).read_text(), *rest[:1])
            print(json.dumps(told, indent=1))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except Refused as why:
        raise SystemExit(f"refused: {why}") from None
