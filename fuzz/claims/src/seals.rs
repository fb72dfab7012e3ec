//! What is sealed, and what it is bound to.

use crypto::{CIPHERTEXT_OVERHEAD_BYTES, Header, Holder, Job, Software, WorkKey, Worked};
use domain::{Algorithm, Context, Fault, KeyMaterial, ObjectId, Purpose};
use secret::{Held, Secret};
use std::sync::{Arc, LazyLock};

static SOFTWARE: LazyLock<Software> = LazyLock::new(|| Software::new(Held::keep(&[9; 32]).unwrap()));
static KEY: LazyLock<WorkKey> = LazyLock::new(|| {
    let (key, tenant, version) = (ObjectId([1; 16]), ObjectId([2; 16]), 7);
    let bytes = Held::keep(&[3; 32]).unwrap();
    let (algorithm, purpose, ready) = (Algorithm::Aes256, Purpose::Encrypt, Default::default());
    let material = KeyMaterial { key, tenant, version, algorithm, purpose, bytes: bytes.into(), ready };
    WorkKey { key, version, material: Arc::new(material) }
});

/// What is accepted has one encoding, and is read again as the same.
pub(crate) fn context(data: &[u8]) {
    let Ok(context) = Context::from_bytes(data.to_vec()) else { return };
    assert_eq!(context.canonical(), data);
    assert_eq!(Context::from_bytes(context.canonical()), Ok(context.clone()));
    if !context.pairs().is_empty() {
        let mut pairs = context.pairs().to_vec();
        pairs.reverse();
        assert_eq!(Context::from_pairs(pairs), Ok(context));
    }
}

/// Only an envelope's own first bytes decide what its header says, and bytes that nobody sealed do not open. After a
/// first byte of 1 the rest is a place, a length of context, context and plaintext: what is sealed opens, and with one
/// other bit it does not.
pub(crate) fn envelope(data: &[u8]) {
    if let Some((1, rest)) = data.split_first()
        && let Some((place, rest)) = rest.split_first_chunk::<2>()
        && let Some((length, rest)) = rest.split_first()
        && let Some((context, plaintext)) = rest.split_at_checked(usize::from(*length))
    {
        return sealed(usize::from(u16::from_be_bytes(*place)), context, plaintext);
    }
    let Some(header) = crypto::header(data) else { return };
    assert!(data.len() >= CIPHERTEXT_OVERHEAD_BYTES);
    assert_eq!(&data[3..19], &header.key.0);
    assert_eq!(data[19..23], header.version.to_be_bytes());
    let mut other = data.to_vec();
    other.iter_mut().skip(23).for_each(|byte| *byte ^= 1);
    assert_eq!(crypto::header(&other), Some(header));
    assert_eq!(opened(&[], data), Err(Fault::CiphertextUnreadable));
}

fn sealed(place: usize, context: &[u8], plaintext: &[u8]) {
    let secret = Secret::new(plaintext.to_vec());
    let job = Job::Seal { with: KEY.clone(), context: context.to_vec(), plaintext: &secret };
    let Ok(Worked::Sealed(mut envelope)) = SOFTWARE.run(&job) else { panic!("nothing was sealed") };
    assert_eq!(envelope.len(), plaintext.len() + CIPHERTEXT_OVERHEAD_BYTES);
    assert_eq!(crypto::header(&envelope), Some(Header { key: KEY.key, version: KEY.version }));
    assert_eq!(opened(context, &envelope).unwrap(), plaintext);
    let place = place % (8 * envelope.len());
    envelope[place / 8] ^= 1 << (place % 8);
    assert_eq!(opened(context, &envelope), Err(Fault::CiphertextUnreadable));
    envelope[place / 8] ^= 1 << (place % 8);
    assert_eq!(opened(&[context, &[0]].concat(), &envelope), Err(Fault::CiphertextUnreadable));
}

fn opened(context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Fault> {
    match SOFTWARE.run(&Job::Open { with: KEY.clone(), context: context.to_vec(), sealed })? {
        Worked::Opened(opened) => Ok(opened.expose(<[u8]>::to_vec)),
        _ => panic!("an opening gives what is opened"),
    }
}
