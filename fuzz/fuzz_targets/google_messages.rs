#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| claims::check("google_messages", data));
