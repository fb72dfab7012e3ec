//! Where secret memory comes from: the kernel's secret mapping, else locked pages, else plain ones.
#![allow(unsafe_code, reason = "mappings are made by system calls that no safe crate offers")]

use std::io;
use std::ptr::{self, NonNull};

/// The size of a page of the arena. Kernel pages may be larger; the mapping is a multiple of both.
pub(crate) const PAGE_BYTES: usize = 4096;

/// What keeps the bytes of every [`crate::Held`] from being seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretMemory {
    /// `memfd_secret(2)`: never swapped, never dumped, in no other process's sight, nor in the kernel's own map.
    Secret,
    /// Locked and left out of core files. Root on the running machine can read it.
    Locked { why: String },
    /// Left out of core files, where the kernel allows. It may be swapped.
    Plain { why: String },
}

/// The kinds of mapping, best first. Tests ask for the lesser ones by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Secret,
    Locked,
    Plain,
}

/// Fresh zero bytes that stay mapped as long as the process lives.
pub(crate) struct Mapping {
    pub(crate) base: NonNull<u8>,
    pub(crate) kind: SecretMemory,
}

impl Attempt {
    const ALL: [Self; 3] = [Self::Secret, Self::Locked, Self::Plain];

    fn mapper(self) -> fn(NonNull<u8>, usize) -> io::Result<()> {
        match self {
            Self::Secret => secret,
            Self::Locked => locked,
            Self::Plain => plain,
        }
    }

    /// What a mapping by this attempt is, when those before it failed so.
    fn kind(self, why: String) -> SecretMemory {
        match self {
            Self::Secret => SecretMemory::Secret,
            Self::Locked => SecretMemory::Locked { why },
            Self::Plain => SecretMemory::Plain { why },
        }
    }
}

/// Maps `bytes`, a multiple of [`PAGE_BYTES`], as well as can be, beginning with `first`.
/// Nothing where not even plain pages are to be had.
pub(crate) fn map(bytes: usize, first: Attempt) -> Option<Mapping> {
    let mut why = Vec::new();
    for attempt in Attempt::ALL.into_iter().skip_while(|attempt| *attempt != first) {
        match fenced(bytes, attempt.mapper()) {
            Ok(base) => return Some(Mapping { base, kind: attempt.kind(why.join("; ")) }),
            Err(error) => why.push(format!("{attempt:?}: {error}")),
        }
    }
    None
}

/// Reserves address space with a page at both ends that nobody may touch, and lets `fill` map what is between.
fn fenced(bytes: usize, fill: fn(NonNull<u8>, usize) -> io::Result<()>) -> io::Result<NonNull<u8>> {
    let fence = page_bytes();
    let whole = bytes.saturating_add(fence.saturating_mul(2));
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a fresh anonymous mapping at an address of the kernel's choice overlaps nothing.
    let start = unsafe { libc::mmap(ptr::null_mut(), whole, libc::PROT_NONE, flags, -1, 0) };
    let start = mapped(start)?;
    // SAFETY: the reservation is `bytes` and two fences long, so one fence in is within it.
    let base = unsafe { start.add(fence) };
    if let Err(error) = fill(base, bytes) {
        // SAFETY: exactly the reservation made above, of which nothing was given out.
        unsafe { libc::munmap(start.as_ptr().cast(), whole) };
        return Err(error);
    }
    Ok(base)
}

fn secret(base: NonNull<u8>, bytes: usize) -> io::Result<()> {
    // SAFETY: the call takes flags only and makes a file descriptor.
    let fd = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    let made = size_and_map(fd, base, bytes);
    // SAFETY: the descriptor was made above and is used nowhere else; the mapping outlives it.
    unsafe { libc::close(fd) };
    made?;
    // A child would share these pages and not copy them. It gets none.
    advise(base, bytes, libc::MADV_DONTFORK)
}

fn size_and_map(fd: i32, base: NonNull<u8>, bytes: usize) -> io::Result<()> {
    let size = libc::off_t::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: the descriptor is open and ours.
    if unsafe { libc::ftruncate(fd, size) } != 0 {
        return Err(io::Error::last_os_error());
    }
    overlay(base, bytes, libc::MAP_SHARED, fd)
}

fn locked(base: NonNull<u8>, bytes: usize) -> io::Result<()> {
    plain(base, bytes)?;
    // Pages are locked as they are touched, so an arena that is hardly used costs hardly anything.
    // SAFETY: the range was mapped by `plain` and belongs to nobody else.
    let done = unsafe { libc::mlock2(base.as_ptr().cast(), bytes, libc::MLOCK_ONFAULT) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    advise(base, bytes, libc::MADV_DONTDUMP)
}

fn plain(base: NonNull<u8>, bytes: usize) -> io::Result<()> {
    overlay(base, bytes, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
    // Kernels that know neither are older than any that is supported; what is lost then is not the service.
    let _ = advise(base, bytes, libc::MADV_DONTDUMP);
    let _ = advise(base, bytes, libc::MADV_WIPEONFORK);
    Ok(())
}

/// Replaces a part of a reservation by pages that can be read and written.
fn overlay(base: NonNull<u8>, bytes: usize, flags: i32, fd: i32) -> io::Result<()> {
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: the range lies within a reservation of ours that nobody has been given, so nothing in use is replaced.
    let at = unsafe { libc::mmap(base.as_ptr().cast(), bytes, rights, flags | libc::MAP_FIXED, fd, 0) };
    mapped(at).map(|_| ())
}

fn advise(base: NonNull<u8>, bytes: usize, advice: i32) -> io::Result<()> {
    // SAFETY: the range is mapped and ours, and none of the advices used here drops its contents in this process.
    match unsafe { libc::madvise(base.as_ptr().cast(), bytes, advice) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn mapped(at: *mut libc::c_void) -> io::Result<NonNull<u8>> {
    if at == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(at.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))
}

/// The kernel's page, at least ours.
fn page_bytes() -> usize {
    // SAFETY: reads a constant of the system.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(PAGE_BYTES).max(PAGE_BYTES)
}

impl SecretMemory {
    /// One line for `doctor` and `status`.
    pub fn text(&self) -> String {
        match self {
            Self::Secret => "memfd_secret: no other process, swap or core file can hold it".into(),
            Self::Locked { why } => {
                format!("locked memory, out of core files; root can read it on the running machine ({why})")
            }
            Self::Plain { why } => {
                format!("plain memory, which may be swapped; raise RLIMIT_MEMLOCK or enable memfd_secret ({why})")
            }
        }
    }
}
