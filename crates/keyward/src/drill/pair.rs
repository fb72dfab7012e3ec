//! A private PostgreSQL and its synchronous standby, with programs that are installed.

use crate::failure::Failure;
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const INSTALLED: &str = "/usr/lib/postgresql";
const WAIT_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where PostgreSQL's programs are, and as whom they run: never as root.
pub(super) struct Programs {
    folder: PathBuf,
    user: Option<(u32, u32)>,
}

impl Programs {
    /// The folder that is named, else the newest that is installed.
    pub(super) fn find(named: Option<&Path>) -> Result<Self, Failure> {
        let missing = "SKIP: the failover drill was NOT done: PostgreSQL's programs (initdb, postgres, pg_basebackup) are \
            not here; install them, or name their folder with --postgres-bin";
        let folder = named.map(Path::to_owned).or_else(newest);
        let folder = folder.filter(|folder| folder.join("initdb").exists()).ok_or_else(|| Failure::new(missing))?;
        let user = match rustix::process::getuid().is_root() {
            true => Some(postgres_user().ok_or_else(|| Failure::new(format!("{missing}; and a user `postgres`")))?),
            false => None,
        };
        Ok(Self { folder, user })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, program: &str, folder: &Path, arguments: &[&str]) -> Result<String, Failure> {
        let failed = |why: String| Failure::new(format!("{program}: {why}"));
        let done = self.command(program).args(arguments).current_dir(folder).output();
        let done = done.map_err(|why| failed(why.to_string()))?;
        match done.status.success() {
            true => Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned()),
            false => Err(failed(String::from_utf8_lossy(&done.stderr).trim().to_owned())),
        }
    }
}

fn newest() -> Option<PathBuf> {
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let found = std::fs::read_dir(INSTALLED).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    found.filter(|path| path.join("bin/initdb").exists()).max_by_key(number).map(|path| path.join("bin"))
}

fn postgres_user() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields: Vec<&str> = users.lines().find(|line| line.starts_with("postgres:"))?.split(':').collect();
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

/// A port that nobody listens on now.
pub(super) fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::from_io)?;
    listener.local_addr().map(|address| address.port()).map_err(Failure::from_io)
}

/// One PostgreSQL. It ends with this value.
pub(super) struct Server<'p> {
    programs: &'p Programs,
    folder: PathBuf,
    pub(super) port: u16,
    process: Option<Child>,
}

impl<'p> Server<'p> {
    fn place(programs: &'p Programs, scratch: &Path, name: &str) -> Result<Self, Failure> {
        let folder = scratch.join(name);
        std::fs::create_dir(&folder).map_err(Failure::from_io)?;
        if let Some((user, group)) = programs.user {
            chown(&folder, Some(user), Some(group)).map_err(Failure::from_io)?;
            // Its user must get there; what lies beside is readable for nobody else.
            std::fs::set_permissions(scratch, PermissionsExt::from_mode(0o711)).map_err(Failure::from_io)?;
        }
        Ok(Self { programs, folder, port: free_port()?, process: None })
    }

    /// A fresh one, with a database `keyward`.
    pub(super) fn primary(programs: &'p Programs, scratch: &Path) -> Result<Self, Failure> {
        let mut server = Self::place(programs, scratch, "primary")?;
        let arguments = ["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", &server.data()];
        programs.run("initdb", &server.folder, &arguments)?;
        server.start()?;
        server.sql("CREATE ROLE keyward LOGIN")?;
        server.sql("CREATE DATABASE keyward OWNER keyward")?;
        Ok(server)
    }

    /// A standby for which each commit waits.
    pub(super) fn standby(&self, scratch: &Path) -> Result<Self, Failure> {
        let mut standby = Self::place(self.programs, scratch, "standby")?;
        let source =
            format!("host={} port={} user=postgres application_name=standby", self.folder.display(), self.port);
        let arguments = ["--no-sync", "-R", "-c", "fast", "-d", &source, "-D", &standby.data()];
        self.programs.run("pg_basebackup", &standby.folder, &arguments)?;
        standby.start()?;
        self.sql("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (standby)'")?;
        self.sql("SELECT pg_reload_conf()")?;
        let follows = "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')";
        wait("the standby does not follow", || self.sql(follows).is_ok_and(|count| count == "1"))?;
        Ok(standby)
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn start(&mut self) -> Result<(), Failure> {
        let (folder, port) = (self.folder.display().to_string(), self.port.to_string());
        let log = std::fs::File::create(self.folder.join("log")).map_err(Failure::from_io)?;
        let mut command = self.programs.command("postgres");
        command.args(["-D", &self.data(), "-p", &port, "-k", &folder, "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "shared_buffers=32MB", "-c", "max_connections=100"]).current_dir(&self.folder);
        command.stdout(log.try_clone().map_err(Failure::from_io)?).stderr(log);
        self.process = Some(command.spawn().map_err(Failure::from_io)?);
        let ready = || self.programs.run("pg_isready", &self.folder, &["-q", "-h", &folder, "-p", &port]).is_ok();
        wait("PostgreSQL does not start", ready)
    }

    pub(super) fn sql(&self, sql: &str) -> Result<String, Failure> {
        let (folder, port) = (self.folder.display().to_string(), self.port.to_string());
        let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h", &folder, "-p", &port];
        self.programs.run("psql", &self.folder, &[&arguments[..], &["-d", "postgres", "-c", sql]].concat())
    }

    /// As the runbook says.
    pub(super) fn promote(&self) -> Result<(), Failure> {
        self.programs.run("pg_ctl", &self.folder, &["promote", "-D", &self.data()])?;
        self.sql("ALTER SYSTEM SET synchronous_standby_names = ''")?;
        self.sql("SELECT pg_reload_conf()").map(|_| ())
    }

    /// As a machine that is gone: no process says goodbye. Its children are sessions of their own.
    pub(super) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let id = process.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let ids = std::iter::once(id).chain(children.split_whitespace().filter_map(|id| id.parse().ok()));
        for pid in ids.filter_map(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = process.wait();
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        self.kill();
    }
}

fn wait(otherwise: &str, mut holds: impl FnMut() -> bool) -> Result<(), Failure> {
    let until = clock::stopwatch_micros().saturating_add(u64::try_from(WAIT_MAX.as_micros()).unwrap_or(u64::MAX));
    while clock::stopwatch_micros() < until {
        if holds() {
            return Ok(());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Err(Failure::new(otherwise))
}
