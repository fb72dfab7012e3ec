//! Prints envelopes, seals or material for another implementation to open: `vectors envelope`, `seal` or `material`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a tool of the tests")]

use domain::{Algorithm, KeyMaterial, ObjectId, Purpose};
use keyward_crypto::{Holder, Job, SealKey, Sealer, Software, WorkKey, Worked, random_bytes};
use secret::{Held, Secret};
use serde_json::{Value, json};
use std::sync::Arc;

/// Lengths around the block of the cipher, and a large one.
const LENGTHS: [usize; 9] = [0, 1, 15, 16, 17, 32, 100, 4_096, 70_000];

fn main() {
    let made = match std::env::args().nth(1).as_deref() {
        Some("envelope") => json!({ "opens": LENGTHS.map(envelope) }),
        Some("seal") => {
            json!({ "opens": LENGTHS.map(sealed), "derives": LENGTHS.map(derived), "macs": LENGTHS.map(mac) })
        }
        Some("material") => {
            json!({ "opens": Algorithm::ALL.iter().filter_map(|one| material(*one)).collect::<Vec<_>>() })
        }
        _ => panic!("name `envelope`, `seal` or `material`"),
    };
    println!("{made:#}");
}

fn envelope(len: usize) -> Value {
    let (material, id, version) = (random_bytes::<32>().unwrap(), random_bytes::<16>().unwrap(), 1 + len as u32);
    let (key, bytes) = (ObjectId(id), Held::keep(&material).unwrap());
    let (algorithm, purpose) = (Algorithm::Aes256, Purpose::Encrypt);
    let (bytes, ready) = (bytes.into(), Default::default());
    let with = KeyMaterial { key, tenant: ObjectId::NIL, version, algorithm, purpose, bytes, ready };
    let with = WorkKey { key, version, material: Arc::new(with) };
    let (context, plaintext) = (bytes_of(len / 3), bytes_of(len));
    let secret = Secret::new(plaintext.clone());
    let job = Job::Seal { with, context: context.clone(), plaintext: &secret };
    let Worked::Sealed(envelope) = Software::new(Held::keep(&material).unwrap()).run(&job).unwrap() else {
        panic!("a seal gives what is sealed")
    };
    json!({
        "name": format!("{len} bytes"), "material": hex(&material), "key_id": hex(&id), "version": version,
        "context": hex(&context), "plaintext": hex(&plaintext), "envelope": hex(&envelope),
    })
}

/// Fresh material and its public half; nothing of what this release does not make.
fn material(algorithm: Algorithm) -> Option<Value> {
    let made = Software::new(Held::keep(&[1; 32]).unwrap()).run(&Job::Generate { algorithm });
    let Ok(Worked::Generated { material, public, .. }) = made else { return None };
    let material = material.expose(hex);
    Some(json!({ "name": algorithm.name(), "material": material, "public": public.map(|public| hex(&public)) }))
}

fn sealed(len: usize) -> Value {
    let (bytes, key) = seal_key();
    let (associated, plaintext) = (bytes_of(len / 3), bytes_of(len));
    let sealed = Sealer::new(&key).unwrap().seal(&associated, &plaintext).unwrap();
    json!({
        "name": format!("{len} bytes"), "key": hex(&bytes),
        "associated": hex(&associated), "plaintext": hex(&plaintext), "sealed": hex(&sealed),
    })
}

/// Shows what a derived key is by a hash under it: the bytes themselves are not lent. So `macs` of it are checked too.
fn derived(len: usize) -> Value {
    let (bytes, key) = seal_key();
    let (label, context) = (bytes_of(len / 2), bytes_of(len));
    let proof = key.derive(&label, &context).unwrap().mac(b"proof", b"message");
    json!({
        "name": format!("derived by {len} bytes"), "key": hex(&bytes), "label": hex(&label), "context": hex(&context),
        "mac_of_message_for_proof": hex(&proof),
    })
}

fn mac(len: usize) -> Value {
    let (bytes, key) = seal_key();
    let (label, message) = (bytes_of(len / 2), bytes_of(len));
    json!({
        "name": format!("mac of {len} bytes"), "key": hex(&bytes), "label": hex(&label), "message": hex(&message),
        "mac": hex(&key.mac(&label, &message)),
    })
}

fn seal_key() -> ([u8; 32], SealKey) {
    let bytes = random_bytes().unwrap();
    (bytes, SealKey::new(Held::keep(&bytes).unwrap()))
}

fn bytes_of(len: usize) -> Vec<u8> {
    random_bytes::<32>().unwrap().into_iter().cycle().take(len).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
