"""SLH-DSA and X-Wing by other libraries: signatures are judged, secrets encapsulated."""

import hashlib

import slhdsa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

SIGNATURE_BYTES = 7_856
ML_KEM_BYTES = 1_184
# SubjectPublicKeyInfo without the raw key at its end (RFC 9909; draft-connolly-cfrg-xwing-kem, section 5.9).
SLH_DSA_HEAD = bytes.fromhex("3030300b0609608648016503040314032100")
X_WING_HEAD = bytes.fromhex("308204d4300d060b2b0601040183e62d81c87a038204c100")


def takes(public, message, signature):
    """Whether it is a signature over the message in pure mode."""
    return judged(slhdsa.PublicKey.from_digest(public, slhdsa.sha2_128s).verify_pure, message, signature)


def takes_hashed(public, message, signature):
    """Whether it is one over its SHA-256."""
    return judged(slhdsa.PublicKey.from_digest(public, slhdsa.sha2_128s).verify_hash, message, signature)


def judged(verify, message, signature):
    try:
        return bool(verify(message, signature))
    except slhdsa.SLHDSAException:
        return False


def encapsulated(public):
    """A secret of X-Wing and its ciphertext, as the draft's section 5.4 has it."""
    lattice, point = public[:ML_KEM_BYTES], public[ML_KEM_BYTES:]
    secret, ciphertext = mlkem.MLKEM768PublicKey.from_public_bytes(lattice).encapsulate()
    mine = x25519.X25519PrivateKey.generate()
    shown = mine.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    shared = mine.exchange(x25519.X25519PublicKey.from_public_bytes(point))
    return hashlib.sha3_256(secret + shared + shown + point + b"\\.//^\\").digest(), ciphertext + shown
