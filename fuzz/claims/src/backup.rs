//! Backups: a header that anybody reads, and frames behind a seal.

use backup::{BackupFault, Header, Item, KIND_SITE, check_sum, open, read_header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::{HpkeSealed, RecoveryKey, STREAM_TAG_BYTES, SigningKey, StreamSealer, seal_to, sha256};
use ledger::leaf_hash;
use secret::Held;
use std::sync::LazyLock;

const CHUNK_BYTES: usize = 65_536;
const MAGIC: &[u8] = b"KWback\x00\x01";
const SITE: [u8; 16] = [0x77; 16];
const DATA_KEY: [u8; 32] = [7; 32];
const PREFIX: [u8; 7] = *b"prefix7";

static RECOVERY: LazyLock<RecoveryKey> = LazyLock::new(|| RecoveryKey::of(&[2; 32]).unwrap());
static SIGNER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(Held::keep(&[1; 32]).unwrap()).unwrap());
/// Of a log with one entry, `x`.
static HEADER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let public = RECOVERY.public().unwrap();
    let HpkeSealed { enc, ciphertext } =
        seal_to(&public.seal, b"keyward backup v1", &[MAGIC, &SITE].concat(), &DATA_KEY).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let text = serde_json::json!({
        "format": 1, "kind": KIND_SITE, "site": hex(&SITE), "origin": "o", "created": "2026-11-25T00:00:00Z",
        "size": 1, "root": STANDARD.encode(leaf_hash(b"x")), "checkpoint": "", "verifier": "v",
        "recovery": public.id(), "enc": STANDARD.encode(enc), "data_key": STANDARD.encode(ciphertext),
        "prefix": hex(&PREFIX),
    });
    framed(text.to_string().as_bytes())
});

/// Behind an `h` stands the JSON of a header: what is read says so again. Behind a `p` stand frames: sealed here, they
/// are a backup of what they say they hold, or refused; and never opened once a bit is another.
pub(crate) fn read(data: &[u8]) {
    match data.split_first() {
        Some((b'h', text)) => header(text),
        Some((b'p', frames)) => content(frames),
        _ => {}
    }
}

fn framed(text: &[u8]) -> Vec<u8> {
    [MAGIC, &u32::try_from(text.len()).unwrap().to_be_bytes(), text].concat()
}

fn header(text: &[u8]) {
    let bytes = framed(text);
    let Ok((header, length)) = read_header(&mut &*bytes) else { return };
    assert_eq!(length, bytes.len() as u64);
    let told: serde_json::Value = serde_json::from_slice(text).expect("a header in JSON");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for (name, bytes) in [("site", header.site.as_slice()), ("prefix", &header.prefix)] {
        assert_eq!(told[name].as_str().map(str::to_ascii_lowercase), Some(hex(bytes)), "{name}");
    }
    assert_eq!(told["root"].as_str(), Some(STANDARD.encode(header.root).as_str()));
    assert_eq!((told["size"].as_u64(), told["kind"].as_str()), (Some(header.size), Some(header.kind.as_str())));
}

/// The whole file, as who writes one makes it.
fn sealed(frames: &[u8]) -> Vec<u8> {
    let mut sealer = StreamSealer::new(&DATA_KEY, PREFIX, &HEADER).unwrap();
    let mut file = HEADER.clone();
    let count = frames.len().div_ceil(CHUNK_BYTES);
    for (at, part) in frames.chunks(CHUNK_BYTES).enumerate() {
        let mut chunk = part.to_vec();
        sealer.seal(&mut chunk, at + 1 == count).unwrap();
        file.extend_from_slice(&chunk);
    }
    let sum = sha256(&file);
    let signature = SIGNER.sign(&[b"keyward backup v1\n".as_slice(), &sum].concat());
    [file.as_slice(), &sum, &signature].concat()
}

fn content(frames: &[u8]) {
    let mut file = sealed(frames);
    let length = file.len() as u64;
    assert_eq!(check_sum(&mut &*file, length, &SIGNER.public()), Ok(()));
    let opened = opened(&file);
    if let Ok(items) = opened {
        assert!(matches!(items.last(), Some(Item::End(_))), "nothing follows the end");
        assert!(items.iter().any(|item| matches!(item, Item::Batch(_))), "the log's head is that of a batch");
    }
    let at = HEADER.len() + frames.len() / 2 % (frames.len() + STREAM_TAG_BYTES).max(1);
    file[at] ^= 1;
    assert_eq!(check_sum(&mut &*file, length, &SIGNER.public()), Err(BackupFault::SumDiffers));
    assert!(self::opened(&file).is_err());
}

fn opened(file: &[u8]) -> Result<Vec<Item>, BackupFault> {
    let mut input = file;
    let (header, _): (Header, u64) = read_header(&mut input)?;
    let mut items = Vec::new();
    open(&header, file.len() as u64, &RECOVERY, &mut input, &mut |item| {
        items.push(item);
        Ok(())
    })?;
    Ok(items)
}
