#!/usr/bin/env python3
"""Recovery keys and what is sealed to them, from docs/formats/recovery.md and RFC 9180 alone. Shares no code with Keyward.

  recovery_key.py show FILE          the public halves of a recovery key
  recovery_key.py statement FILE     checks a signed statement (anchor.md) against the verifier in hexadecimal: --verify HEX
  recovery_key.py make               prints the vectors
  recovery_key.py self-test          reads the vectors, and refuses edits of them

Needs the package `cryptography`.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PREFIX = "keyward-recovery-v1"
SALT = b"keyward recovery v1"
VECTORS = pathlib.Path(__file__).resolve().parents[2] / "docs/formats/vectors/recovery-v1.json"


class Refused(Exception):
    pass


# The text


def checksum(secret):
    return hashlib.sha256(PREFIX.encode() + secret).digest()[:3]


def text_of(secret):
    letters = base64.b32encode(secret + checksum(secret)).decode().lower()
    return "-".join([PREFIX] + [letters[at:at + 7] for at in range(0, 56, 7)])


def secret_of(text):
    text = "".join(text.split()).lower()
    if not text.startswith(PREFIX):
        raise Refused("no recovery key")
    letters = text[len(PREFIX):].replace("-", "")
    try:
        data = base64.b32decode(letters.upper())
    except ValueError as error:
        raise Refused("no recovery key") from error
    if len(letters) != 56 or checksum(data[:32]) != data[32:]:
        raise Refused("a letter of the recovery key is wrong")
    return data[:32]


# HKDF-SHA-256 (RFC 5869)


def extract(salt, secret):
    return hmac.digest(salt or bytes(32), secret, "sha256")


def expand(key, info, size):
    made, block, count = b"", b"", 1
    while len(made) < size:
        block = hmac.digest(key, block + info + bytes([count]), "sha256")
        made, count = made + block, count + 1
    return made[:size]


def derived(secret, label):
    return expand(extract(SALT, secret), label, 32)


def raw(public):
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def signer(secret):
    return Ed25519PrivateKey.from_private_bytes(derived(secret, b"sign"))


def opener(secret):
    return X25519PrivateKey.from_private_bytes(derived(secret, b"open"))


def halves(secret):
    return raw(signer(secret).public_key()), raw(opener(secret).public_key())


# HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002

KEM = b"KEM" + bytes.fromhex("0020")
SUITE = b"HPKE" + bytes.fromhex("002000010002")


def labeled_extract(suite, salt, label, secret):
    return extract(salt, b"HPKE-v1" + suite + label + secret)


def labeled_expand(suite, key, label, info, size):
    return expand(key, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, size)


def schedule(shared, enc, recipient, info):
    key = labeled_extract(KEM, b"", b"eae_prk", shared)
    secret = labeled_expand(KEM, key, b"shared_secret", enc + recipient, 32)
    context = (b"\0" + labeled_extract(SUITE, b"", b"psk_id_hash", b"")
               + labeled_extract(SUITE, b"", b"info_hash", info))
    key = labeled_extract(SUITE, secret, b"secret", b"")
    return labeled_expand(SUITE, key, b"key", context, 32), labeled_expand(SUITE, key, b"base_nonce", context, 12)


def hpke_open(private, info, associated, enc, ciphertext):
    shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
    key, nonce = schedule(shared, enc, raw(private.public_key()), info)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except InvalidTag as error:
        raise Refused("sealed to another recovery key, or changed") from error


def hpke_seal(recipient, ephemeral, info, associated, plaintext):
    enc = raw(ephemeral.public_key())
    key, nonce = schedule(ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient)), enc, recipient, info)
    return enc, AESGCM(key).encrypt(nonce, plaintext, associated)


# Statements (anchor.md)


def check_statement(statement, verify):
    body, mark, line = statement.rpartition("\nsignature ")
    if not mark or not body.startswith("keyward recovery statement v1\n"):
        raise Refused("no signed statement")
    try:
        Ed25519PublicKey.from_public_bytes(verify).verify(base64.b64decode(line), (body + "\n").encode())
    except InvalidSignature as error:
        raise Refused("the statement was not signed by this recovery key") from error
    return dict(one.split(" ", 1) for one in body.split("\n")[1:])


# Vectors


def made(name, size):
    data, count = b"", 0
    while len(data) < size:
        data, count = data + hashlib.sha256(f"{name} {count}".encode()).digest(), count + 1
    return data[:size]


def case(name):
    secret = made(f"{name} secret", 32)
    verify, seal = halves(secret)
    message, plaintext = made(f"{name} message", 40), made(f"{name} plaintext", 32)
    info, associated = b"keyward backup v1", made(f"{name} associated", 24)
    ephemeral = X25519PrivateKey.from_private_bytes(made(f"{name} ephemeral", 32))
    enc, ciphertext = hpke_seal(seal, ephemeral, info, associated, plaintext)
    bytes_of = {
        "secret": secret, "verify": verify, "seal": seal, "message": message, "signature": signer(secret).sign(message),
        "info": info, "associated": associated, "plaintext": plaintext, "enc": enc, "ciphertext": ciphertext,
    }
    told = {member: value.hex() for member, value in bytes_of.items()}
    return {"name": name, "text": text_of(secret), "id": hashlib.sha256(verify + seal).hexdigest()[:16], **told}


def make():
    return json.dumps({"keys": [case(name) for name in ("first", "second", "third")]}, indent=1) + "\n"


def self_test():
    known = json.loads(VECTORS.read_text())
    for one in known["keys"]:
        field = {name: bytes.fromhex(value) for name, value in one.items() if name not in ("name", "text", "id")}
        secret = secret_of(one["text"])
        assert secret == field["secret"] and halves(secret) == (field["verify"], field["seal"])
        Ed25519PublicKey.from_public_bytes(field["verify"]).verify(field["signature"], field["message"])
        opened = hpke_open(opener(secret), field["info"], field["associated"], field["enc"], field["ciphertext"])
        assert opened == field["plaintext"]
        for edit in ({"info": b"x"}, {"associated": b"x"}, {"ciphertext": field["ciphertext"][:-1] + b"\0"}):
            use = {**field, **edit}
            refuses(lambda: hpke_open(opener(secret), use["info"], use["associated"], use["enc"], use["ciphertext"]))
        for at in range(len(PREFIX) + 1, len(one["text"])):
            letter = "r" if one["text"][at] == "q" else "q"
            refuses(lambda: secret_of(one["text"][:at] + letter + one["text"][at + 1:]))
    print(f"{len(known['keys'])} recovery keys are as the document says")


def refuses(work):
    try:
        work()
    except (Refused, ValueError):
        return
    raise AssertionError("not refused")


def main(arguments):
    match arguments:
        case ["self-test"]:
            self_test()
        case ["make"]:
            sys.stdout.write(make())
        case ["show", file]:
            verify, seal = halves(secret_of(pathlib.Path(file).read_text()))
            print(json.dumps({"verify": verify.hex(), "seal": seal.hex()}))
        case ["statement", file, "--verify", verify]:
            statement = pathlib.Path(file).read_text().rstrip("\n")
            print(json.dumps(check_statement(statement, bytes.fromhex(verify))))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refused:
        raise SystemExit(f"refused: {refused}") from refused
