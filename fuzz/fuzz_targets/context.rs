//! Any bytes as a context: what is accepted has one encoding, and is read again as the same.
#![no_main]

use domain::Context;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(context) = Context::from_bytes(data.to_vec()) else { return };
    assert_eq!(context.canonical(), data);
    assert_eq!(Context::from_bytes(context.canonical()), Ok(context.clone()));
    if !context.pairs().is_empty() {
        assert_eq!(Context::from_pairs(context.pairs().to_vec()), Ok(context));
    }
});
