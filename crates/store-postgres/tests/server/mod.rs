//! A real PostgreSQL, for as long as the process of the tests lives.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Starts and stops it by signal; takes its folder along when whoever started it is gone.
const KEEPER: &str = r#"
dir=$1; shift
"$@" & server=$!
trap 'kill -INT $server; wait $server; rm -rf "$dir"; exit 0' TERM
wait $server
"#;

/// Where the newest installed one is; none: not installed.
pub(crate) fn binaries() -> Option<PathBuf> {
    let named = std::env::var_os("KEYWARD_TEST_POSTGRES").map(PathBuf::from);
    let installed = || {
        let versions = Path::new("/usr/lib/postgresql").read_dir().ok()?;
        versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).max()
    };
    let found = named.or_else(installed).filter(|bin| bin.join("postgres").exists());
    if found.is_none() {
        eprintln!("SKIPPED: PostgreSQL is not installed; ./scripts/setup installs it");
    }
    found
}

/// PostgreSQL refuses to run as root. The signal is asked for last: a change of user forgets it.
fn as_postgres() -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "setpriv"]);
    }
    command.arg("--pdeathsig=TERM");
    command
}

/// Makes it the server's own.
pub(crate) fn give(path: &Path) {
    if is_root() {
        let id = |flag| {
            let id = Command::new("id").args([flag, "postgres"]).output().unwrap();
            String::from_utf8(id.stdout).unwrap().trim().parse().ok()
        };
        chown(path, id("-u"), id("-g")).unwrap();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// One server with a folder of its own; its socket is there too.
pub(crate) struct Cluster {
    pub(crate) bin: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) port: u16,
}

static CLUSTERS: AtomicU32 = AtomicU32::new(0);

impl Cluster {
    /// An empty folder that PostgreSQL may use.
    pub(crate) fn folder(bin: &Path) -> Self {
        let number = CLUSTERS.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("keyward-pg-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        give(&dir);
        let port = u16::try_from(10_000 + (std::process::id() * 8 + number) % 50_000).unwrap();
        Self { bin: bin.to_owned(), dir, port }
    }

    pub(crate) fn make(bin: &Path) -> Self {
        let cluster = Self::folder(bin);
        let data = cluster.data();
        run(as_postgres()
            .arg(bin.join("initdb"))
            .args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D"])
            .arg(data));
        cluster
    }

    /// A copy that follows the primary, under the name `standby`.
    pub(crate) fn standby_of(primary: &Self) -> Self {
        let cluster = Self::folder(&primary.bin);
        let from =
            format!("host={} port={} user=postgres application_name=standby", primary.dir.display(), primary.port);
        let mut copy = as_postgres();
        copy.arg(primary.bin.join("pg_basebackup")).args(["--no-sync", "-R", "-c", "fast", "-d", &from, "-D"]);
        run(copy.arg(cluster.data()));
        cluster
    }

    /// From here on each commit waits for the standby.
    pub(crate) fn wait_for_standby(&self) {
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
        self.sql("postgres", "SELECT pg_reload_conf()");
        for _ in 0..200 {
            if self.sql("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1" {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the standby does not follow");
    }

    /// What the runbook says: it becomes the primary, and has no standby yet.
    pub(crate) fn promote(&self) {
        run(as_postgres().arg(self.bin.join("pg_ctl")).args(["promote", "-D"]).arg(self.data()));
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''");
        self.sql("postgres", "SELECT pg_reload_conf()");
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Runs it until this process ends. The thread that starts it must not end before.
    pub(crate) fn start(&self, settings: &[&str]) -> Running {
        let mut command = as_postgres();
        command.args(["sh", "-c", KEEPER, "keeper"]).arg(&self.dir);
        command.arg(self.bin.join("postgres")).arg("-D").arg(self.data());
        command.args(["-p", &self.port.to_string(), "-k"]).arg(&self.dir);
        for setting in
            ["listen_addresses=127.0.0.1", "max_connections=400", "shared_buffers=32MB"].iter().chain(settings)
        {
            command.args(["-c", setting]);
        }
        let log = std::fs::File::create(self.dir.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let (started, begun) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            started.send(command.spawn().unwrap()).unwrap();
            loop {
                std::thread::park();
            }
        });
        let child = begun.recv().unwrap();
        let running = Running { child };
        self.await_ready();
        running
    }

    fn await_ready(&self) {
        for _ in 0..2_400 {
            let mut ready = Command::new(self.bin.join("pg_isready"));
            if ready.arg("-q").arg("-h").arg(&self.dir).args(["-p", &self.port.to_string()]).status().unwrap().success()
            {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL did not start: {}", std::fs::read_to_string(self.dir.join("log")).unwrap_or_default());
    }

    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]).arg(&self.dir);
        run(psql.args(["-p", &self.port.to_string(), "-d", database, "-c", sql]))
    }

    /// A database that belongs to somebody without any right beside it.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER keyward"));
        self.url(name)
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("postgres://keyward@127.0.0.1:{}/{name}", self.port)
    }
}

pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// As if the machine had lost it: no goodbye to anybody.
    pub(crate) fn kill(mut self, cluster: &Cluster) {
        let pids = std::fs::read_to_string(cluster.data().join("postmaster.pid")).unwrap();
        let postmaster = pids.lines().next().unwrap();
        run(Command::new("pkill").args(["-KILL", "-P", postmaster]));
        let _ = Command::new("kill").args(["-KILL", postmaster]).status();
        let _ = self.child.wait();
    }
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The one that all tests of a process share.
pub(crate) fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    let made = || {
        let cluster = Cluster::make(&binaries()?);
        // It stays until the process ends, and its keeper takes it away.
        std::mem::forget(cluster.start(&[]));
        cluster.sql("postgres", "CREATE ROLE keyward LOGIN");
        Some(cluster)
    };
    SHARED.get_or_init(made).as_ref()
}

/// A fresh database in the shared server: its name and URL.
pub(crate) fn fresh() -> Option<(&'static Cluster, String, String)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = shared()?;
    let name = format!("site{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let url = cluster.database(&name);
    Some((cluster, name, url))
}
