"""Keys of every kind beside those that seal, and what shows that they are the same ones somewhere else."""

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
import hybrid
from native import MESSAGE, Api, raw, text, verifies

SIGNERS = {"RSA-2048": "RSASSA-PSS-SHA-256", "P-256": "ECDSA-SHA-256", "Ed25519": "EdDSA", "ML-DSA-65": "ML-DSA"}
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


class Pairs:
    """One key of each kind in a ring, and what was seen of it where it was made."""

    def __init__(self, house, ring):
        self.ring, api = ring, Api(house)
        for algorithm in SIGNERS:
            api.make(f"signs-{algorithm}", "sign", algorithm, ring=ring)
        api.make("opens", "decrypt-asymmetric", "RSA-2048", ring=ring)
        api.make("encapsulates", "encapsulate", "ML-KEM-768", ring=ring)
        api.make("two-in-one", "encapsulate", "X-Wing", ring=ring)
        api.make("hashes", "sign", "SLH-DSA-SHA2-128s", ring=ring, scheme="SLH-DSA")
        api.make("codes", "mac", "HMAC-SHA-256", ring=ring)
        self.names = [f"signs-{algorithm}" for algorithm in SIGNERS] + ["opens", "encapsulates", "two-in-one", "hashes", "codes"]
        self.public = {name: serialization.load_der_public_key(api.public(f"{ring}/{name}")[0]) for name in self.names[:-3]}
        self.raw = {name: raw(api.public(f"{ring}/{name}")[1], "raw") for name in ("two-in-one", "hashes")}
        self.code = api.done("mac-sign", key=f"{ring}/codes", message=text(MESSAGE))["mac"]

    def hold(self, suite, name, house):
        """By the public halves of before, and by what was made before, they are the same in this house."""
        api = Api(house)
        for algorithm, scheme in SIGNERS.items():
            signed = api.done("sign", key=f"{self.ring}/signs-{algorithm}", scheme=scheme, message=text(MESSAGE))
            good = verifies(self.public[f"signs-{algorithm}"], raw(signed, "signature"), scheme)
            suite.ok(f"{name}: {algorithm} signs as before", good)
        sealed = self.public["opens"].encrypt(b"a secret", OAEP)
        opened = api.done("decrypt-asymmetric", key=f"{self.ring}/opens", scheme="RSAES-OAEP-SHA-256", ciphertext=text(sealed))
        suite.equal(f"{name}: RSA opens as before", raw(opened, "plaintext"), b"a secret")
        shared, sealed = self.public["encapsulates"].encapsulate()
        opened = api.done("decapsulate", key=f"{self.ring}/encapsulates", ciphertext=text(sealed))
        suite.equal(f"{name}: ML-KEM gives the same secret", raw(opened, "shared_secret"), shared)
        shared, sealed = hybrid.encapsulated(self.raw["two-in-one"])
        opened = api.done("decapsulate", key=f"{self.ring}/two-in-one", ciphertext=text(sealed))
        suite.equal(f"{name}: X-Wing gives the same secret", raw(opened, "shared_secret"), shared)
        signed = api.done("sign", key=f"{self.ring}/hashes", message=text(MESSAGE))
        suite.ok(f"{name}: SLH-DSA signs as before", hybrid.takes(self.raw["hashes"], MESSAGE, raw(signed, "signature")))
        made = api.done("mac-sign", key=f"{self.ring}/codes", message=text(MESSAGE))
        suite.equal(f"{name}: HMAC makes the same code", made["mac"], self.code)
