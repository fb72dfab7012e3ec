//! How a key looks in this tongue.

use crate::output::Json;
use domain::{
    Algorithm, Destruction, Fingerprint, Key, KeyShown, KeyState, Material, Origin, ProtectionLevel, Purpose,
};

macro_rules! specs {
    ($($algorithm:ident = $spec:literal;)+) => {
        /// Every key spec of the model, in the order in which the service lists them.
        pub(crate) const KEY_SPECS: &[&str] = &[$($spec),+];

        pub(crate) fn algorithm(spec: &str) -> Option<Algorithm> {
            match spec { $($spec => Some(Algorithm::$algorithm),)+ _ => None }
        }

        fn spec(algorithm: Algorithm) -> Option<&'static str> {
            match algorithm { $(Algorithm::$algorithm => Some($spec),)+ _ => None }
        }
    };
}

specs! {
    Rsa2048 = "RSA_2048";
    EcP384 = "ECC_NIST_P384";
    EcP256 = "ECC_NIST_P256";
    EcP521 = "ECC_NIST_P521";
    HmacSha384 = "HMAC_384";
    Rsa3072 = "RSA_3072";
    EcSecp256k1 = "ECC_SECG_P256K1";
    Rsa4096 = "RSA_4096";
    Aes256 = "SYMMETRIC_DEFAULT";
    HmacSha256 = "HMAC_256";
    HmacSha224 = "HMAC_224";
    HmacSha512 = "HMAC_512";
    Sm2 = "SM2";
    MlDsa44 = "ML_DSA_44";
    MlDsa65 = "ML_DSA_65";
    MlDsa87 = "ML_DSA_87";
    Ed25519 = "ECC_NIST_EDWARDS25519";
    MlKem512 = "ML_KEM_512";
    MlKem768 = "ML_KEM_768";
    MlKem1024 = "ML_KEM_1024";
}

pub(crate) const KEY_USAGES: &[&str] =
    &["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"];

pub(crate) fn usage(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Encrypt | Purpose::EncryptRaw | Purpose::DecryptAsymmetric | Purpose::Wrap | Purpose::Import => {
            "ENCRYPT_DECRYPT"
        }
        Purpose::Sign | Purpose::SignAndDecrypt => "SIGN_VERIFY",
        Purpose::Mac => "GENERATE_VERIFY_MAC",
        Purpose::Agree => "KEY_AGREEMENT",
        Purpose::Encapsulate => "ENCAPSULATE_DECAPSULATE",
    }
}

/// The weaker of the key and its primary version.
pub(crate) fn state(shown: &KeyShown) -> &'static str {
    let key = &*shown.key;
    if let Destruction::Scheduled { .. } = key.life.destruction {
        return "PendingDeletion";
    }
    let Ok(primary) = key.primary_version() else { return "Unavailable" };
    match (key.life.state, primary.life.state, primary.material.at(shown.now), primary.life.destruction) {
        (.., Material::Awaited | Material::Removed(_), _) if key.origin == Origin::Imported => "PendingImport",
        (.., Material::Awaited, _) => "Creating",
        (.., Material::Failed(_) | Material::Removed(_), _) => "Unavailable",
        (KeyState::Destroyed, ..) | (_, KeyState::Destroyed, ..) | (.., Destruction::Scheduled { .. }) => "Unavailable",
        (KeyState::Active, KeyState::Active, ..) => "Enabled",
        _ => "Disabled",
    }
}

pub(crate) fn fingerprint(key: &Key) -> Option<&Fingerprint> {
    key.primary_version().ok()?.fingerprint.as_ref()
}

fn origin(key: &Key) -> &'static str {
    match (key.origin, key.protection) {
        (Origin::Imported, _) => "EXTERNAL",
        (Origin::External, _) | (_, ProtectionLevel::External) => "EXTERNAL_KEY_STORE",
        (Origin::Generated, ProtectionLevel::Hsm) => "AWS_CLOUDHSM",
        (Origin::Generated, ProtectionLevel::Software) => "AWS_KMS",
    }
}

pub(crate) fn arn(json: &mut Json, name: &str, shown: &KeyShown) {
    json.key_arn(name, &shown.key.location.0, &shown.owner.account, shown.key.id);
}

pub(crate) fn write(shown: &KeyShown) -> Vec<u8> {
    let mut json = Json::object(1_024 + shown.key.description.len());
    json.nested("KeyMetadata", |json| fill(json, shown));
    json.done()
}

fn fill(json: &mut Json, shown: &KeyShown) {
    let key = &*shown.key;
    json.text("AWSAccountId", &shown.owner.account);
    arn(json, "Arn", shown);
    json.date("CreationDate", key.created);
    if let Some(fingerprint) = fingerprint(key).filter(|_| key.purpose == Purpose::Encrypt) {
        json.hex("CurrentKeyMaterialId", &fingerprint.0);
    }
    let spec = spec(key.algorithm).unwrap_or("SYMMETRIC_DEFAULT");
    json.text("CustomerMasterKeySpec", spec);
    if let Destruction::Scheduled { deadline, .. } = key.life.destruction {
        json.date("DeletionDate", deadline);
    }
    json.text("Description", &key.description);
    json.flag("Enabled", state(shown) == "Enabled");
    if key.purpose == Purpose::Encrypt {
        json.texts("EncryptionAlgorithms", ["SYMMETRIC_DEFAULT"]);
    }
    expiry(json, shown);
    json.id("KeyId", key.id);
    json.text("KeyManager", "CUSTOMER");
    json.text("KeySpec", spec);
    json.text("KeyState", state(shown));
    json.text("KeyUsage", usage(key.purpose));
    json.flag("MultiRegion", false);
    json.text("Origin", origin(key));
}

/// Only imported material that is there has an expiration model.
fn expiry(json: &mut Json, shown: &KeyShown) {
    let imported = shown.key.origin == Origin::Imported;
    let held = shown.key.primary_version().ok().map(|version| version.material.at(shown.now));
    match held {
        Some(Material::Held { expires: Some(at) }) if imported => {
            json.text("ExpirationModel", "KEY_MATERIAL_EXPIRES");
            json.date("ValidTo", at);
        }
        Some(Material::Held { expires: None }) if imported => {
            json.text("ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE");
        }
        _ => {}
    }
}
