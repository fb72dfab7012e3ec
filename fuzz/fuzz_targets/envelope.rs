//! Any bytes as an envelope: its header is read or refused, and only its own bytes decide.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(header) = crypto::header(data) {
        assert!(data.len() >= crypto::CIPHERTEXT_OVERHEAD_BYTES);
        let mut other = data.to_vec();
        if let Some(last) = other.last_mut() {
            *last ^= 1;
        }
        assert_eq!(crypto::header(&other), Some(header));
    }
});
