//! Nothing that was on the heap stays there.
#![allow(unsafe_code, reason = "implements `GlobalAlloc`")]

use libmimalloc_sys as mi;
use std::alloc::{GlobalAlloc, Layout};
use std::arch::asm;
use std::ptr;

/// mimalloc, which overwrites with zeros whatever is freed, and whatever is left behind when an
/// allocation changes its size. Costs one `memset` per free.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: keyward_secret::WipingAllocator = keyward_secret::WipingAllocator;
/// # fn main() {}
/// ```
pub struct WipingAllocator;

// SAFETY: each call is passed on to `Wiping(Mimalloc)` unchanged.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the callee's demands.
        unsafe { Wiping(Mimalloc).alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { Wiping(Mimalloc).alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { Wiping(Mimalloc).dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { Wiping(Mimalloc).realloc(at, layout, new_size) }
    }
}

/// mimalloc, asked for an alignment only where its ordinary blocks may not have it: an aligned allocation whose size is
/// no power of two takes a larger block and a slower way.
struct Mimalloc;

/// Ordinary blocks of at least this size are so aligned (`MI_MAX_ALIGN_SIZE`); smaller ones to their size.
const ALIGNED_BYTES: usize = 16;

impl Mimalloc {
    fn is_ordinary(layout: Layout) -> bool {
        layout.align() <= ALIGNED_BYTES && layout.align() <= layout.size()
    }
}

// SAFETY: blocks are valid for the size that was asked for, aligned as said above, and belong to the caller until freed.
unsafe impl GlobalAlloc for Mimalloc {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size may be asked for, and alignments of a layout are powers of two.
        let at = match Self::is_ordinary(layout) {
            true => unsafe { mi::mi_malloc(layout.size()) },
            false => unsafe { mi::mi_malloc_aligned(layout.size(), layout.align()) },
        };
        at.cast()
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let at = match Self::is_ordinary(layout) {
            true => unsafe { mi::mi_zalloc(layout.size()) },
            false => unsafe { mi::mi_zalloc_aligned(layout.size(), layout.align()) },
        };
        at.cast()
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, _: Layout) {
        // SAFETY: the caller's promise: one of the above made it, and nobody uses it any more.
        unsafe { mi::mi_free(at.cast()) }
    }
}

/// Wipes before it passes on. Any allocator will do, so that a test can look at what arrives.
struct Wiping<A>(A);

// SAFETY: allocation is the inner allocator's; freeing writes zeros to memory that the caller gives up, within its
// layout, and then frees it by the inner allocator with the same layout.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiping<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the callee's demands.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` is an allocation of `layout`, which the caller will never touch again.
        unsafe {
            wipe(at, layout.size());
            self.0.dealloc(at, layout);
        }
    }

    /// Always moves. The system's own `realloc` may move too, and would leave the old bytes where they were.
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `new_size` is not zero and, rounded up to the alignment, fits an `isize`.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: the layout is not empty. Old and new are apart, and both hold the bytes that are copied.
        unsafe {
            let to = self.0.alloc(new_layout);
            if !to.is_null() {
                ptr::copy_nonoverlapping(at, to, layout.size().min(new_size));
                self.dealloc(at, layout);
            }
            to
        }
    }
}

/// Writes zeros as fast as `memset`, in a way that no optimiser removes.
///
/// # Safety
/// `at` must be valid for writes of `len` bytes.
#[inline]
unsafe fn wipe(at: *mut u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { ptr::write_bytes(at, 0, len) };
    // The compiler knows that nobody reads memory that is about to be freed. This is somebody who might.
    // SAFETY: no instructions; says only that the memory behind `at` may be looked at.
    unsafe { asm!("/* {0} */", in(reg) at, options(nostack, preserves_flags)) };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::alloc::System;
    use std::sync::Mutex;

    /// Notes the bytes of whatever is freed, as they are when they arrive.
    struct Witness(Mutex<Vec<Vec<u8>>>);

    // SAFETY: passes on to the system; reads only memory that it is just being given back.
    unsafe impl GlobalAlloc for Witness {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller's promises are the callee's demands.
            unsafe { System.alloc_zeroed(layout) }
        }

        unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
            // SAFETY: the allocation is of this layout, initialised, and still there.
            let seen = unsafe { std::slice::from_raw_parts(at, layout.size()) }.to_vec();
            self.0.lock().unwrap().push(seen);
            // SAFETY: as above.
            unsafe { System.dealloc(at, layout) }
        }
    }

    fn filled(wiping: &Wiping<Witness>, layout: Layout) -> *mut u8 {
        // SAFETY: the layouts of these tests are not empty.
        let at = unsafe { wiping.alloc(layout) };
        // SAFETY: just allocated, that large.
        unsafe { ptr::write_bytes(at, 0xa5, layout.size()) };
        at
    }

    #[test]
    fn every_layout_is_aligned_as_it_asks() {
        let layouts = (0..7).flat_map(|power| (1..300).map(move |size| (size, 1 << power)));
        for (size, align) in layouts.chain([(4_097, 16), (70_001, 8), (3 << 20, 16), (3 << 20, 4_096)]) {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: the layout is not empty; two are held at once, so that a block does not serve both.
            let (one, two) = unsafe { (Mimalloc.alloc(layout), Mimalloc.alloc_zeroed(layout)) };
            assert!(
                (one as usize).is_multiple_of(align) && (two as usize).is_multiple_of(align),
                "{size} bytes on {align}"
            );
            // SAFETY: just allocated with this layout.
            unsafe {
                assert!(std::slice::from_raw_parts(two, size).iter().all(|byte| *byte == 0));
                Mimalloc.dealloc(one, layout);
                Mimalloc.dealloc(two, layout);
            }
        }
    }

    #[test]
    fn what_is_freed_is_zero() {
        for (size, align) in [(1, 1), (7, 1), (32, 8), (4096, 16), (1_000_000, 64)] {
            let wiping = Wiping(Witness(Mutex::default()));
            let layout = Layout::from_size_align(size, align).unwrap();
            let at = filled(&wiping, layout);
            // SAFETY: allocated above with this layout.
            unsafe { wiping.dealloc(at, layout) };
            assert_eq!(*wiping.0.0.lock().unwrap(), [vec![0; size]]);
        }
    }

    #[test]
    fn a_new_size_keeps_the_bytes_and_wipes_where_they_were() {
        for (old, new) in [(32, 64), (64, 32), (100, 1_000_000), (1_000_000, 1)] {
            let wiping = Wiping(Witness(Mutex::default()));
            let layout = Layout::from_size_align(old, 8).unwrap();
            let at = filled(&wiping, layout);
            // SAFETY: allocated above with this layout; the new size is neither zero nor huge.
            let to = unsafe { wiping.realloc(at, layout, new) };
            // SAFETY: as large as was asked for, and zeroed by the witness where nothing was copied.
            let seen = unsafe { std::slice::from_raw_parts(to, new) };
            assert!(seen.iter().take(old).all(|byte| *byte == 0xa5));
            assert_eq!(*wiping.0.0.lock().unwrap(), [vec![0; old]]);
            // SAFETY: allocated by `realloc` with this size.
            unsafe { wiping.dealloc(to, Layout::from_size_align(new, 8).unwrap()) };
        }
    }
}
