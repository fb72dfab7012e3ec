#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| claims::check("native_json", data));
