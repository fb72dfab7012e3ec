//! Any text as a native `forbid`: taken or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        let _ = policy::native::validate_forbid(text);
    }
});
