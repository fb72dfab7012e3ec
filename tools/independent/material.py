#!/usr/bin/env python3
"""Material of keys and its public half, from docs/formats/material.md alone. Shares no code with Keyward.

  material.py make        prints docs/formats/vectors/material-v1.json
  material.py open        derives each case's public half from its material; cases on standard input
  material.py self-test

Needs the package `cryptography` (46 or newer, for ML-DSA and ML-KEM). Exit 0: all is as it should be; 1: it is not.
"""

import hashlib
import json
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, rsa, x25519

# Primes of an RSA key of 2,048 bits, made for these vectors.
P = int(
    "d4b0d804fb46b46eefbc45c6e221b89bf73db5cacdcad033c757e45a6c5903eca73bde4e6598cdce5b7142ecf218419455ca"
    "86cc53e351a54161cad618db2c56aab748111a42c2a71fb5d87f734f1d18c3212806838241e9ddd8cf4b3cbf5daf65cca8b1"
    "6a931749d30cc90ebf96026d7a1a877cc1a8c6bfa33051a0c3e331a1",
    16,
)
Q = int(
    "d2443bf2cc363e91e5c6e9958f3f868ccdb13ca4c41a7ff4f165dcc4287f8cc35a065b9b2ac3df186edc5435312a32b9ebea"
    "6126e430614f0b0e41148146cb8d8a1d29711b81f2878e2948aa78f6cf40475f1f851d8c80883f78007256a01ba866984b12"
    "3be848a565d95f6f39aebd33a78e24bb0c2084bc9746456e90d537a9",
    16,
)

# A private key of NIST's (ACVP-Server, SLH-DSA-keyGen-FIPS205): its root takes a tree of hashes to compute.
SLH_DSA = bytes.fromhex(
    "ac379f047faab2004f3ae32350ac9a3d829fff0aa59e956a87f3971c4d58e710"
    "0566d240cc519834322eafbcc73c79f5a4b84f02e8bf0cbd54017b2d3c494b57"
)

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1(), "secp256k1": ec.SECP256K1()}
SCALAR_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66, "secp256k1": 32}
ML_DSA = {"ML-DSA-44": mldsa.MLDSA44PrivateKey, "ML-DSA-65": mldsa.MLDSA65PrivateKey, "ML-DSA-87": mldsa.MLDSA87PrivateKey}
ML_KEM = {"ML-KEM-768": mlkem.MLKEM768PrivateKey, "ML-KEM-1024": mlkem.MLKEM1024PrivateKey}
OIDS = {"SLH-DSA-SHA2-128s": "608648016503040314", "X-Wing": "2b0601040183e62d81c87a"}
SYMMETRIC_BYTES = {
    "AES-128": 16, "AES-192": 24, "AES-256": 32,
    "HMAC-SHA-1": 20, "HMAC-SHA-224": 28, "HMAC-SHA-256": 32, "HMAC-SHA-384": 48, "HMAC-SHA-512": 64,
}  # fmt: skip


class Refused(Exception):
    pass


def der(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def item(tag, content):
    length = len(content)
    head = bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big") if length > 255 else bytes([0x81, length])
    return bytes([tag]) + head + content


def spki(oid, raw):
    return item(0x30, item(0x30, item(6, bytes.fromhex(oid))) + item(3, b"\0" + raw))


def raw(key):
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def x_wing(seed):
    """draft-connolly-cfrg-xwing-kem, section 5.2: the seed gives an ML-KEM-768 seed and an X25519 scalar."""
    expanded = hashlib.shake_256(seed).digest(96)
    ml = ML_KEM["ML-KEM-768"].from_seed_bytes(expanded[:64])
    return ml, x25519.X25519PrivateKey.from_private_bytes(expanded[64:])


def public(algorithm, material):
    """SubjectPublicKeyInfo of the material; none where it is symmetric."""
    if algorithm in SYMMETRIC_BYTES:
        if len(material) != SYMMETRIC_BYTES[algorithm]:
            raise Refused(f"{len(material)} bytes")
        return None
    try:
        if algorithm.startswith("RSA-"):
            key = serialization.load_der_private_key(material, None)
            if key.key_size != int(algorithm[4:]):
                raise Refused(f"{key.key_size} bits")
            return der(key.public_key())
        if algorithm in CURVES:
            if len(material) != SCALAR_BYTES[algorithm]:
                raise Refused(f"{len(material)} bytes")
            return der(ec.derive_private_key(int.from_bytes(material, "big"), CURVES[algorithm]).public_key())
        if algorithm == "Ed25519":
            return der(ed25519.Ed25519PrivateKey.from_private_bytes(material).public_key())
        if algorithm in ML_DSA:
            return der(ML_DSA[algorithm].from_seed_bytes(material).public_key())
        if algorithm in ML_KEM:
            return der(ML_KEM[algorithm].from_seed_bytes(material).public_key())
        if algorithm == "X-Wing" and len(material) == 32:
            ml, x = x_wing(material)
            return spki(OIDS[algorithm], raw(ml.public_key()) + raw(x.public_key()))
        if algorithm == "SLH-DSA-SHA2-128s" and len(material) == 64:
            return spki(OIDS[algorithm], material[32:])
    except ValueError as why:
        raise Refused(str(why)) from None
    raise Refused(f"{algorithm} of {len(material)} bytes")


def rsa_material():
    d = pow(65537, -1, (P - 1) * (Q - 1))
    numbers = rsa.RSAPublicNumbers(65537, P * Q)
    key = rsa.RSAPrivateNumbers(P, Q, d, d % (P - 1), d % (Q - 1), pow(Q, -1, P), numbers).private_key()
    pkcs8 = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.DER, pkcs8, serialization.NoEncryption())


def bytes_for(name, length):
    return hashlib.shake_256(b"keyward material vector " + name.encode()).digest(length)


def case(algorithm, material):
    half = public(algorithm, material)
    return {"name": algorithm, "material": material.hex(), "public": half.hex() if half else None}


def make():
    lengths = dict(SYMMETRIC_BYTES)
    lengths |= {"Ed25519": 32, "ML-DSA-44": 32, "ML-DSA-65": 32, "ML-DSA-87": 32}
    lengths |= {"ML-KEM-768": 64, "ML-KEM-1024": 64, "X-Wing": 32}
    cases = [case(name, bytes_for(name, length)) for name, length in lengths.items()]
    cases += [case(name, b"\0" + bytes_for(name, length - 1)) for name, length in SCALAR_BYTES.items()]
    cases.append(case("SLH-DSA-SHA2-128s", SLH_DSA))
    cases.append(case("RSA-2048", rsa_material()))
    refused = [
        ("P-256", bytes(32), "the scalar is zero"),
        ("P-256", b"\xff" * 32, "the scalar is no less than the order"),
        ("P-384", bytes_for("short", 32), "too short"),
        ("Ed25519", bytes(31), "too short"),
        ("ML-DSA-65", bytes(33), "too long"),
        ("ML-KEM-768", bytes(32), "too short"),
        ("SLH-DSA-SHA2-128s", SLH_DSA[:48], "without its root"),
        ("X-Wing", bytes(33), "too long"),
        ("RSA-3072", rsa_material(), "of another size"),
        ("RSA-2048", rsa_material()[:-1], "cut off"),
        ("AES-256", bytes(16), "too short"),
    ]
    return {
        "opens": cases,
        "refused": [{"name": name, "material": material.hex(), "why": why} for name, material, why in refused],
    }


def opens(vector):
    try:
        half = public(vector["name"], bytes.fromhex(vector["material"]))
    except Refused:
        return False
    return (half.hex() if half else None) == vector["public"]


def refuses(vector):
    try:
        public(vector["name"], bytes.fromhex(vector["material"]))
        return False
    except Refused:
        return True


def check(vectors):
    """The names of the cases that did not do what they should."""
    wrong = [vector["name"] for vector in vectors.get("opens", []) if not opens(vector)]
    return wrong + [f"{vector['name']}: {vector['why']}" for vector in vectors.get("refused", []) if not refuses(vector)]


def self_test():
    made = make()
    assert check(made) == [], check(made)
    assert made == make()
    made["opens"][-1]["public"] = made["opens"][-2]["public"]
    assert check(made) == ["RSA-2048"]


def main(arguments):
    if arguments == ["make"]:
        json.dump(make(), sys.stdout, indent=1)
        print()
    elif arguments == ["open"]:
        vectors = json.load(sys.stdin)
        wrong, count = check(vectors), sum(len(vectors.get(kind, [])) for kind in ("opens", "refused"))
        print(f"{count} cases, {len(wrong)} wrong" + "".join(f"\n  {name}" for name in wrong))
        sys.exit(1 if wrong or not count else 0)
    elif arguments == ["self-test"]:
        self_test()
        print("material.py: ok")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
