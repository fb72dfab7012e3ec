//! What a process can ask of the kernel for itself.
#![allow(unsafe_code, reason = "system calls that no safe crate here offers")]

/// What of the protection took hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessProtection {
    /// No core file is written when the process dies.
    pub core_files_off: bool,
    /// No unprivileged process may read this one's memory or attach to it.
    pub undumpable: bool,
}

/// Asks for a process without core files that other processes of the same user cannot read.
/// To be called before the first secret is read. Root can still read a running process.
pub fn protect_process() -> ProcessProtection {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: reads one whole structure that outlives the call.
    let core_files_off = unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) } == 0;
    // SAFETY: takes numbers only.
    let undumpable = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) } == 0;
    // Huge pages would round every heap segment up to two mebibytes of resident memory. Nothing depends on it.
    // SAFETY: takes numbers only.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) };
    ProcessProtection { core_files_off, undumpable }
}

/// Whether the kernel says that its clock is synchronised with others (`adjtimex(2)`): what an NTP or PTP daemon tells
/// it. Where the kernel does not say, it is not.
pub fn clock_is_synchronised() -> bool {
    // SAFETY: all zeros is a `timex` that asks and sets nothing.
    let mut told: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: reads and writes one whole structure that outlives the call.
    let state = unsafe { libc::adjtimex(&mut told) };
    (0..libc::TIME_ERROR).contains(&state) && told.status & libc::STA_UNSYNC == 0
}

impl ProcessProtection {
    /// One line for `doctor` and `status`.
    pub fn text(self) -> &'static str {
        match (self.core_files_off, self.undumpable) {
            (true, true) => "no core files; closed to other processes of the same user",
            (true, false) => "no core files; open to other processes of the same user",
            (false, true) => "core files not switched off; closed to other processes of the same user",
            (false, false) => "core files not switched off; open to other processes of the same user",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_confirms_what_is_reported() {
        let protection = protect_process();
        // SAFETY: takes numbers only.
        let dumpable = unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) };
        let mut limit = libc::rlimit { rlim_cur: 1, rlim_max: 1 };
        // SAFETY: writes one whole structure that outlives the call.
        unsafe { libc::getrlimit(libc::RLIMIT_CORE, &mut limit) };
        assert_eq!(protection, ProcessProtection { core_files_off: limit.rlim_max == 0, undumpable: dumpable == 0 });
        assert_eq!(protection.text(), "no core files; closed to other processes of the same user");
    }
}
