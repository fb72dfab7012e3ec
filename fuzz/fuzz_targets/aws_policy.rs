//! Any text as a key policy, an identity policy, and a foreign document: one reader, one opinion.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::aws;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else { return };
    let key = aws::validate_key_document(text, "111122223333", &|_, _| aws::Existence::Exists);
    let denies = aws::only_denies(text);
    assert_eq!(key.is_ok(), denies.is_ok());
    if aws::validate_identity_document(text).is_ok() {
        assert!(text.len() <= domain::IDENTITY_DOCUMENT_BYTES_MAX);
    }
});
