"""Material as its owner brings it to Google Cloud KMS, wrapped by another library, and what comes of it."""

import base64
import os
import time

from cryptography.hazmat.primitives import hashes, hmac, hpke, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

READY_SECONDS_MAX = 60
MESSAGE = b"pay 100 to alice"
SHUT = "The material cannot be unwrapped by this import job."
METHODS = ["RSA_OAEP_3072_SHA1_AES_256", "RSA_OAEP_4096_SHA1_AES_256", "RSA_OAEP_3072_SHA256_AES_256",
           "RSA_OAEP_4096_SHA256_AES_256", "RSA_OAEP_3072_SHA256", "RSA_OAEP_4096_SHA256",
           "HPKE_KEM_ML_KEM_768_HKDF_SHA256_AES_256_GCM", "HPKE_KEM_ML_KEM_1024_HKDF_SHA256_AES_256_GCM",
           "HPKE_KEM_XWING_HKDF_SHA256_AES_256_GCM"]
ML_KEM_768, ML_KEM_1024, X_WING = METHODS[6:]
ML_KEM_768_BYTES = 1_184
# The format in which a job tells its public key, its bytes, and those of what it encapsulates.
HPKE = {ML_KEM_768: ("NIST_PQC", 1_184, 1_088), ML_KEM_1024: ("NIST_PQC", 1_568, 1_568), X_WING: ("XWING_RAW_BYTES", 1_216, 1_120)}


def wrapped(public, method, material):
    """As Google's documentation says that it is to be done. The public key is as the job tells it: text, or bytes."""
    if method in HPKE:
        return sealed(public, method, material)
    key = serialization.load_pem_public_key(public.encode())
    digest = hashes.SHA1() if "SHA1" in method else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if not method.endswith("AES_256"):
        return key.encrypt(material, oaep)
    between = os.urandom(32)
    return key.encrypt(between, oaep) + keywrap.aes_key_wrap_with_padding(between, material)


def sealed(public, method, material):
    """The encapsulated key and the ciphertext behind it, as OpenSSL makes them."""
    if method == X_WING:
        lattice = mlkem.MLKEM768PublicKey.from_public_bytes(public[:ML_KEM_768_BYTES])
        point = x25519.X25519PublicKey.from_public_bytes(public[ML_KEM_768_BYTES:])
        kem, key = hpke.KEM.MLKEM768_X25519, hpke.MLKEM768X25519PublicKey(lattice, point)
    elif method == ML_KEM_1024:
        kem, key = hpke.KEM.MLKEM1024, mlkem.MLKEM1024PublicKey.from_public_bytes(public)
    else:
        kem, key = hpke.KEM.MLKEM768, mlkem.MLKEM768PublicKey.from_public_bytes(public)
    return hpke.Suite(kem, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM).encrypt(material, key)


def pkcs8(key):
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def spki(key):
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


class Bringer:
    def __init__(self, caller, ring):
        self.caller, self.client, self.ring = caller, caller.client, ring
        self.jobs = {}

    def job(self, method):
        """An import job of this method that is ready."""
        if method not in self.jobs:
            name = f"job-{METHODS.index(method)}"
            made = self.client.create_import_job(parent=self.ring, import_job_id=name, import_job={
                "import_method": method, "protection_level": "SOFTWARE"})
            self.caller.equal(f"{method}: the job", (made.name, made.state.name, made.import_method.name, made.public_key.pem, made.public_key.data),
                              (f"{self.ring}/importJobs/{name}", "PENDING_GENERATION", method, "", b""))
            self.jobs[method] = self.ready(made.name)
        return self.jobs[method]

    def ready(self, name):
        until = time.monotonic() + READY_SECONDS_MAX
        while (job := self.client.get_import_job(name=name)).state.name != "ACTIVE":
            assert time.monotonic() < until, job
            time.sleep(0.1)
        return job

    def key(self, name, purpose, algorithm, import_only=True):
        made = self.client.create_crypto_key(request={
            "parent": self.ring, "crypto_key_id": name, "skip_initial_version_creation": True,
            "crypto_key": {"purpose": purpose, "import_only": import_only, "version_template": {"algorithm": algorithm}}})
        return made.name

    def request(self, key, algorithm, material, method=METHODS[2], **more):
        job = self.job(method)
        return {"parent": key, "algorithm": algorithm, "import_job": job.name,
                "wrapped_key": wrapped(job.public_key.pem or job.public_key.data, method, material), **more}

    def bring(self, key, algorithm, material, method=METHODS[2], **more):
        return self.client.import_crypto_key_version(request=self.request(key, algorithm, material, method, **more))


def symmetric(bringer, methods):
    caller, client = bringer.caller, bringer.client
    key = bringer.key("gcm", "RAW_ENCRYPT_DECRYPT", "AES_256_GCM")
    caller.ok("a key for imported versions alone says so", client.get_crypto_key(name=key).import_only)
    for at, method in enumerate(methods):
        material = os.urandom(32)
        version = bringer.bring(key, "AES_256_GCM", material, method)
        caller.equal(f"{method}: the version", (version.name, version.state.name, version.import_job, version.algorithm.name),
                     (f"{key}/cryptoKeyVersions/{at + 1}", "ENABLED", bringer.job(method).name, "AES_256_GCM"))
        caller.ok(f"{method}: says when it was brought, and that it need not be again",
                  version.import_time and not version.generate_time and not version.reimport_eligible, version)
        sealed = client.raw_encrypt(request={"name": version.name, "plaintext": MESSAGE})
        opened = AESGCM(material).decrypt(sealed.initialization_vector, sealed.ciphertext, None)
        caller.equal(f"{method}: its owner opens what it sealed", opened, MESSAGE)
    key, material = bringer.key("mac", "MAC", "HMAC_SHA256"), os.urandom(32)
    version = bringer.bring(key, "HMAC_SHA256", material)
    code = hmac.HMAC(material, hashes.SHA256())
    code.update(MESSAGE)
    code = code.finalize()
    caller.equal("a MAC key's codes are its owner's", client.mac_sign(name=version.name, data=MESSAGE).mac, code)
    request = bringer.request(key, "HMAC_SHA256", material)
    request["rsa_aes_wrapped_key"] = request.pop("wrapped_key")
    version = client.import_crypto_key_version(request=request)
    caller.equal("in the older field too", client.mac_sign(name=version.name, data=MESSAGE).mac, code)
    key = bringer.key("envelope", "ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION", import_only=False)
    first = bringer.bring(key, "GOOGLE_SYMMETRIC_ENCRYPTION", os.urandom(32))
    caller.ok("an imported version does not become the primary", not client.get_crypto_key(name=key).primary.name)
    client.update_crypto_key_primary_version(name=key, crypto_key_version_id="1")
    sealed = client.encrypt(name=key, plaintext=MESSAGE)
    caller.equal("made the primary, it seals", sealed.name, first.name)
    second = client.create_crypto_key_version(parent=key, crypto_key_version={})
    caller.ok("beside it others are made here", second.generate_time and not second.import_job, second)
    caller.equal("and it still opens", client.decrypt(name=key, ciphertext=sealed.ciphertext).plaintext, MESSAGE)


def asymmetric(bringer):
    caller, client = bringer.caller, bringer.client
    theirs = rsa.generate_private_key(65_537, 2_048)
    key = bringer.key("rsa", "ASYMMETRIC_SIGN", "RSA_SIGN_PKCS1_2048_SHA256")
    version = bringer.bring(key, "RSA_SIGN_PKCS1_2048_SHA256", pkcs8(theirs)).name
    caller.equal("an RSA key has its owner's public half", client.get_public_key(name=version).pem, spki(theirs))
    signed = client.asymmetric_sign(request={"name": version, "data": MESSAGE}).signature
    caller.equal("and makes its signatures, byte by byte", signed, theirs.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()))
    key = bringer.key("oaep", "ASYMMETRIC_DECRYPT", "RSA_DECRYPT_OAEP_2048_SHA256")
    version = bringer.bring(key, "RSA_DECRYPT_OAEP_2048_SHA256", pkcs8(theirs), METHODS[1] if "job-1" in bringer.jobs else METHODS[2]).name
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sealed = theirs.public_key().encrypt(MESSAGE, oaep)
    caller.equal("or opens what was sealed for it", client.asymmetric_decrypt(name=version, ciphertext=sealed).plaintext, MESSAGE)
    for name, curve, algorithm, digest in (("p256", ec.SECP256R1(), "EC_SIGN_P256_SHA256", hashes.SHA256()),
                                           ("p384", ec.SECP384R1(), "EC_SIGN_P384_SHA384", hashes.SHA384()),
                                           ("k256", ec.SECP256K1(), "EC_SIGN_SECP256K1_SHA256", hashes.SHA256())):
        point = ec.generate_private_key(curve)
        version = bringer.bring(bringer.key(name, "ASYMMETRIC_SIGN", algorithm), algorithm, pkcs8(point)).name
        caller.equal(f"{algorithm}: its owner's public half", client.get_public_key(name=version).pem, spki(point))
        signed = client.asymmetric_sign(request={"name": version, "data": MESSAGE}).signature
        point.public_key().verify(signed, MESSAGE, ec.ECDSA(digest))
    edwards = ed25519.Ed25519PrivateKey.generate()
    key = bringer.key("edwards", "ASYMMETRIC_SIGN", "EC_SIGN_ED25519")
    version = bringer.bring(key, "EC_SIGN_ED25519", pkcs8(edwards)).name
    signed = client.asymmetric_sign(request={"name": version, "data": MESSAGE}).signature
    caller.equal("Ed25519: its owner's signatures, byte by byte", signed, edwards.sign(MESSAGE))


def quantum_safe(bringer):
    """Jobs of ML-KEM and X-Wing: their public keys, what they bring, and what they refuse."""
    caller, client = bringer.caller, bringer.client

    def told(name, wanted):
        job = client.get_import_job(request={"name": name, "public_key_format": wanted})
        return job.public_key_format.name, job.public_key.pem, job.public_key.data

    jobs = {job.name: job for job in client.list_import_jobs(parent=bringer.ring)}
    for method in (method for method in bringer.jobs if method in HPKE):
        job, (form, size, _) = bringer.job(method), HPKE[method]
        raw = job.public_key.data
        caller.equal(f"{method}: the job's public key", (job.public_key_format.name, len(raw), job.public_key.pem), (form, size, ""))
        caller.equal("is the same when it is asked for", told(job.name, form), (form, "", raw))
        caller.equal("and in a list", jobs[job.name].public_key, job.public_key)
        kind, text, der = told(job.name, "DER")
        caller.ok("in DER it is behind its algorithm", (kind, text) == ("DER", "") and der.endswith(raw) and len(der) - size in (22, 24), der[:32])
        kind, text, data = told(job.name, "PEM")
        lines = base64.b64decode("".join(text.splitlines()[1:-1]))
        caller.equal("and as text the same", (kind, lines, data.decode()), ("PEM", der, text))
        other = "NIST_PQC" if form != "NIST_PQC" else "XWING_RAW_BYTES"
        caller.refused("another's raw form it has not", "InvalidArgument", "raw form", "get_import_job", name=job.name,
                       public_key_format=other)
        shut(bringer, method)
    if METHODS[2] in bringer.jobs:
        name = bringer.jobs[METHODS[2]].name
        caller.refused("an RSA key has no raw form", "InvalidArgument", "raw form", "get_import_job", name=name,
                       public_key_format="NIST_PQC")
        kind, text, der = told(name, "DER")
        caller.equal("but DER", (kind, text, serialization.load_der_public_key(der).key_size), ("DER", "", 3_072))
    theirs = rsa.generate_private_key(65_537, 4_096)
    key = bringer.key("long", "ASYMMETRIC_SIGN", "RSA_SIGN_PKCS1_4096_SHA512")
    version = bringer.bring(key, "RSA_SIGN_PKCS1_4096_SHA512", pkcs8(theirs), X_WING).name
    caller.equal("X-Wing: an RSA key as long as they are", client.get_public_key(name=version).pem, spki(theirs))
    lattice = mlkem.MLKEM1024PrivateKey.generate()
    key = bringer.key("lattices", "KEY_ENCAPSULATION", "ML_KEM_1024")
    version = bringer.bring(key, "ML_KEM_1024", pkcs8(lattice), ML_KEM_1024).name
    secret, ciphertext = lattice.public_key().encapsulate()
    opened = client.decapsulate(request={"name": version, "ciphertext": ciphertext}).shared_secret
    caller.equal("ML-KEM-1024: a key of its own kind", opened, secret)


def shut(bringer, method):
    """Whatever is wrong with it is told in the same words."""
    from google.api_core.exceptions import GoogleAPICallError
    key, (_, _, encapsulated) = f"{bringer.ring}/cryptoKeys/gcm", HPKE[method]
    good = bringer.request(key, "AES_256_GCM", os.urandom(32), method)["wrapped_key"]
    bringer.caller.equal(f"{method}: how long it is", len(good), encapsulated + 32 + 16)
    edited = lambda at: good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
    foreign = [bringer.request(key, "AES_256_GCM", os.urandom(32), other)["wrapped_key"] for other in bringer.jobs if other != method]
    words = set()
    for bad in [bytes(len(good)), *map(edited, (0, encapsulated - 1, encapsulated, len(good) - 1)), good[:-1], good + b"\0",
                good[:encapsulated], good[:encapsulated + 15], good[:1], good[encapsulated:] + good[:encapsulated], *foreign]:
        request = {"parent": key, "algorithm": "AES_256_GCM", "import_job": bringer.job(method).name, "wrapped_key": bad}
        try:
            words.add(str(bringer.client.import_crypto_key_version(request=request)))
        except GoogleAPICallError as error:
            words.add(str(error))
    bringer.caller.ok("what is damaged, cut or another's", len(words) == 1 and SHUT in words.pop(), words)


def published(bringer):
    """A key that has several forms is given out in one that was named."""
    caller, client = bringer.caller, bringer.client
    key = client.create_crypto_key(parent=bringer.ring, crypto_key_id="lattice", crypto_key={
        "purpose": "ASYMMETRIC_SIGN", "version_template": {"algorithm": "PQ_SIGN_ML_DSA_65"}}).name
    name = f"{key}/cryptoKeyVersions/1"
    until = time.monotonic() + READY_SECONDS_MAX
    while client.get_crypto_key_version(name=name).state.name != "ENABLED" and time.monotonic() < until:
        time.sleep(0.1)
    raw = client.get_public_key(request={"name": name, "public_key_format": "NIST_PQC"}).public_key.data
    der = client.get_public_key(request={"name": name, "public_key_format": "DER"}).public_key.data
    caller.ok("a key of ML-DSA is given out raw and in DER", len(raw) == 1_952 and der.endswith(raw), (len(raw), len(der)))
    caller.refused("but not without a format", "InvalidArgument", "ML-DSA-65", "get_public_key", name=name)
    caller.refused("an RSA key has no raw form", "InvalidArgument", "raw form", "get_public_key",
                   name=f"{bringer.ring}/cryptoKeys/rsa/cryptoKeyVersions/1", public_key_format="NIST_PQC")


def refused(bringer):
    caller, ring = bringer.caller, bringer.ring
    key, material = f"{ring}/cryptoKeys/gcm", os.urandom(32)

    def no(what, kind, words, **more):
        request = bringer.request(key, "AES_256_GCM", material) | more
        caller.refused(what, kind, words, "import_crypto_key_version", **request)

    good = bringer.request(key, "AES_256_GCM", material)["wrapped_key"]
    no("no material", "InvalidArgument", "wrapped_key", wrapped_key=b"")
    no("what is not wrapped", "InvalidArgument", SHUT, wrapped_key=bytes(500))
    no("what was changed at its end", "InvalidArgument", SHUT, wrapped_key=good[:-1] + bytes([good[-1] ^ 1]))
    no("what was changed at its beginning", "InvalidArgument", SHUT, wrapped_key=bytes([good[0] ^ 1]) + good[1:])
    no("what another job is for", "InvalidArgument", SHUT,
       wrapped_key=bringer.request(key, "AES_256_GCM", material, METHODS[0])["wrapped_key"])
    no("another algorithm than the key's purpose has", "InvalidArgument", "purpose", algorithm="HMAC_SHA256")
    no("the envelope's algorithm for a raw key", "InvalidArgument", "purpose", algorithm="GOOGLE_SYMMETRIC_ENCRYPTION")
    no("no algorithm", "InvalidArgument", "algorithm", algorithm=0)
    no("a job that is not there", "NotFound", f"ImportJob {ring}/importJobs/none not found.", import_job=f"{ring}/importJobs/none")
    no("a job of another ring", "InvalidArgument", "key ring", import_job=ring.rsplit("/", 1)[0] + "/other/importJobs/job-2")
    no("a version whose material is there", "FailedPrecondition", "cannot be imported again",
       crypto_key_version=f"{key}/cryptoKeyVersions/1")
    no("a version that is not there", "NotFound", "cryptoKeyVersions/99 not found.",
       crypto_key_version=f"{key}/cryptoKeyVersions/99")
    no("a version of another key", "InvalidArgument", "version of the parent",
       crypto_key_version=f"{ring}/cryptoKeys/mac/cryptoKeyVersions/1")
    no("material in both fields", "InvalidArgument", "set together", rsa_aes_wrapped_key=good)
    no("too much of it", "ResourceExhausted", "bytes of wrapped material", wrapped_key=bytes(8_193))
    weak = [
        ("a short AES key", "gcm", "AES_256_GCM", os.urandom(16), "length"),
        ("an RSA key of another size", "rsa", "RSA_SIGN_PKCS1_3072_SHA256", pkcs8(rsa.generate_private_key(65_537, 2_048)), "size"),
        ("an RSA key with a small exponent", "rsa", "RSA_SIGN_PKCS1_2048_SHA256", pkcs8(rsa.generate_private_key(3, 2_048)), "exponent"),
        ("a key of another curve", "p256", "EC_SIGN_P256_SHA256", pkcs8(ec.generate_private_key(ec.SECP384R1())), "curve"),
        ("an EC key for RSA", "rsa", "RSA_SIGN_PKCS1_2048_SHA256", pkcs8(ec.generate_private_key(ec.SECP256R1())), "RSA"),
        ("no key at all", "edwards", "EC_SIGN_ED25519", b"\x30\x00", "Ed25519"),
    ]
    for what, name, algorithm, inside, words in weak:
        request = bringer.request(f"{ring}/cryptoKeys/{name}", algorithm, inside)
        caller.refused(what, "InvalidArgument", words, "import_crypto_key_version", **request)
    jobs = {"parent": ring, "import_job_id": "more"}
    caller.refused("a job of a method that nobody knows", "InvalidArgument", "import_method 7", "create_import_job",
                   **jobs, import_job={"import_method": 7, "protection_level": "SOFTWARE"})
    for method, form in ((METHODS[0], "NIST_PQC"), (ML_KEM_768, "XWING_RAW_BYTES"), (X_WING, "NIST_PQC"), (X_WING, "PEM")):
        caller.refused(f"{method}: a key in the form {form}", "InvalidArgument", "has the format", "create_import_job", **jobs,
                       import_job={"import_method": method, "protection_level": "SOFTWARE", "public_key_format": form})
    caller.refused("a job in an HSM", "FailedPrecondition", "HSM", "create_import_job",
                   **jobs, import_job={"import_method": METHODS[0], "protection_level": "HSM"})
    caller.refused("a job without a method", "InvalidArgument", "import_method", "create_import_job", **jobs, import_job={})
    caller.refused("a job is made once", "AlreadyExists", f"ImportJob {ring}/importJobs/job-2 already exists.",
                   "create_import_job", parent=ring, import_job_id="job-2", import_job={"import_method": METHODS[2]})
    caller.refused("a version made here", "FailedPrecondition", "imported", "create_crypto_key_version", parent=key,
                   crypto_key_version={})
    caller.refused("an import-only key with a version of its own", "InvalidArgument", "skip_initial_version_creation",
                   "create_crypto_key", parent=ring, crypto_key_id="own",
                   crypto_key={"purpose": "MAC", "import_only": True, "version_template": {"algorithm": "HMAC_SHA256"}})
    listed = [job.name.rsplit("/", 1)[1] for job in bringer.client.list_import_jobs(parent=ring)]
    caller.equal("jobs are listed by name", listed, sorted(f"job-{METHODS.index(method)}" for method in bringer.jobs))
    keys = [key.name.rsplit("/", 1)[1] for key in bringer.client.list_crypto_keys(parent=ring)]
    caller.ok("and are no keys", not [name for name in keys if name.startswith("job-")], keys)
    caller.refused("nor to be used as keys", "NotFound", "not found.", "get_crypto_key", name=f"{ring}/cryptoKeys/job-2")
    count = len(list(bringer.client.list_crypto_key_versions(parent=key)))
    caller.equal("nothing of what was refused has become a version", count, len(bringer.jobs))
