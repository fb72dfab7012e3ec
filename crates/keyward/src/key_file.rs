//! A signing key in a file of its own, for whoever signs beside a site: a witness, a rig.

use crate::config;
use crate::failure::Failure;
use crypto::SigningKey;
use secret::{Held, Secret};
use std::path::Path;

/// The key in the file; a fresh one where there is none. The file is one line: the label, a space, 64 hexadecimal digits.
pub(crate) fn open_or_make(path: &Path, label: &str) -> Result<SigningKey, Failure> {
    if !path.exists() {
        let bytes = crypto::random_bytes::<32>().map_err(|_| Failure::new("no random bytes are to be had"))?;
        let bytes = Secret::new(bytes.to_vec());
        let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let line = Secret::new(format!("{label} {}\n", bytes.expose(digits)).into_bytes());
        line.expose(|line| config::write_private(path, line)).map_err(Failure::from_io)?;
    }
    let text = Secret::new(std::fs::read(path).map_err(Failure::from_io)?);
    let wrong = || Failure::new(format!("{} is no key file of {label}", path.display()));
    let seed = text.expose(|text| seed(text, label)).ok_or_else(wrong)?;
    let seed = seed.expose(Held::keep).map_err(|_| Failure::new("the secret memory is full"))?;
    SigningKey::from_seed(seed).map_err(|_| wrong())
}

fn seed(text: &[u8], label: &str) -> Option<Secret> {
    let digits = text.strip_prefix(label.as_bytes())?.strip_prefix(b" ")?.strip_suffix(b"\n")?;
    let nibble = |byte: &u8| u8::try_from(char::from(*byte).to_digit(16)?).ok();
    let bytes = digits.as_chunks::<2>().0.iter().map(|[high, low]| Some(nibble(high)? << 4 | nibble(low)?));
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes.filter(|bytes| bytes.len() == 32 && digits.len() == 64).map(Secret::new)
}
