//! Random names for requests and objects, drawn in blocks: they have to be new, not secret.

use domain::{ObjectId, RequestId};
use std::cell::RefCell;

const BLOCK: usize = 4_096;

thread_local! {
    static DRAWN: RefCell<(Vec<u8>, usize)> = const { RefCell::new((Vec::new(), 0)) };
}

/// 128 random bits. None if the module has no randomness to give.
pub(crate) fn fresh() -> Option<ObjectId> {
    DRAWN.with_borrow_mut(|(block, used)| {
        if *used + 16 > block.len() {
            *block = crypto::random_bytes::<BLOCK>().ok()?.to_vec();
            *used = 0;
        }
        let id = block.get(*used..*used + 16)?.try_into().ok()?;
        *used += 16;
        Some(ObjectId(id))
    })
}

pub(crate) fn request() -> RequestId {
    RequestId(fresh().unwrap_or(ObjectId::NIL))
}
