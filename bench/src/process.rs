//! What the system says of a process.

use crate::Outcome;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// A server that ends with its owner.
pub(crate) struct Server {
    child: Child,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Outcome<Self> {
        Ok(Self { child: command.spawn()? })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

/// Processor time of all threads, user and system, living and gone.
pub(crate) fn processor_time(pid: u32) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold anything, and ends at the last parenthesis.
    let (_, after) = stat.rsplit_once(") ").ok_or("an unknown form of /proc/PID/stat")?;
    let field = |at: usize| -> Outcome<u64> { Ok(after.split(' ').nth(at).ok_or("too few fields")?.parse()?) };
    let ticks = field(11)? + field(12)?;
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Memory that is in RAM now.
pub(crate) fn resident_bytes(pid: u32) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1_024)
}

/// A new folder on the disk that is measured.
pub(crate) fn folder(disk: &Path, name: &str) -> Outcome<PathBuf> {
    let folder = std::path::absolute(disk)?.join(format!("bench-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
