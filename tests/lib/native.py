"""The native API, spoken by a client of our own, and another library's judgement of what it gives out."""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from wire import Wire

MESSAGE = b"pay 100 to alice"
HASHES = {"SHA-1": hashes.SHA1(), "SHA-224": hashes.SHA224(), "SHA-256": hashes.SHA256(), "SHA-384": hashes.SHA384(),
          "SHA-512": hashes.SHA512()}  # fmt: skip


def text(raw):
    return base64.b64encode(raw).decode()


def raw(answer, member):
    return base64.b64decode(answer[member])


class Api:
    """The native API of a house."""

    def __init__(self, house):
        self.wire = Wire(house)

    def ask(self, operation, **body):
        answer = self.wire.native(operation, {name: value for name, value in body.items() if value is not None})
        return answer.status, answer.json

    def done(self, operation, **body):
        status, answer = self.ask(operation, **body)
        assert status == 200, f"{operation}: {status} {answer}"
        return answer

    def word(self, operation, **body):
        """The word of the error; nothing if there is none."""
        return self.ask(operation, **body)[1].get("error", {}).get("word")

    def make(self, name, purpose, algorithm, **more):
        return self.done("create-key", name=name, purpose=purpose, algorithm=algorithm, **more)["key"]

    def public(self, name, **more):
        answer = self.done("get-public-key", key=name, **more)
        spki = raw(answer, "spki")
        assert answer["pem"].encode() == b"-----BEGIN PUBLIC KEY-----\n" + b"".join(
            line + b"\n" for line in (base64.b64encode(spki)[at : at + 64] for at in range(0, len(text(spki)), 64))
        ) + b"-----END PUBLIC KEY-----\n"
        return spki, answer


def verifies(key, signature, scheme):
    """Whether another library takes the signature over the message."""
    name = scheme.rsplit("-", 2)
    chosen = HASHES.get("-".join(name[1:]))
    try:
        match key:
            case rsa.RSAPublicKey() if "PSS" in scheme:
                pss = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
                key.verify(signature, MESSAGE, pss, chosen)
            case rsa.RSAPublicKey():
                key.verify(signature, MESSAGE, padding.PKCS1v15(), chosen)
            case ec.EllipticCurvePublicKey():
                key.verify(signature, MESSAGE, ec.ECDSA(chosen))
            case _:
                key.verify(signature, MESSAGE)
        return True
    except InvalidSignature:
        return False
