//! Where things lie, and what `dev` and `init` leave behind for the other commands.

use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How to reach a running server, and as whom: `client.json` in the data directory, mode 0600.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ClientFile {
    pub endpoint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_endpoint: Option<String>,
    pub ca_file: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_access_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    pub region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_access_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_secret_access_key: Option<String>,
    /// A development server: not for production.
    #[serde(default)]
    pub dev: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_key_file: Option<PathBuf>,
    /// For the commands that look after files; a server is told by whoever starts it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchor_files: Vec<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
}

impl ClientFile {
    /// Of a site that `serve` serves: where it is, and no credentials.
    pub(crate) fn of_site(endpoint: &str, ca_file: PathBuf) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            plain_endpoint: None,
            ca_file,
            access_key_id: None,
            secret_access_key: None,
            account: None,
            region: REGION.to_owned(),
            site_access_key_id: None,
            site_secret_access_key: None,
            dev: false,
            root_key_file: None,
            anchor_files: Vec::new(),
            data: None,
        }
    }
}

/// The region where nobody names one.
pub(crate) const REGION: &str = "eu-central-1";

/// The file in a data directory.
pub(crate) fn client_file(data: &Path) -> PathBuf {
    data.join("client.json")
}

/// Where the last development server of this user is found; none where somebody else could have said which that is, for
/// the directory for temporary files is everybody's.
pub(crate) fn dev_pointer() -> Option<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let base = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|base| base.is_dir());
    let folder = base.unwrap_or_else(std::env::temp_dir).join(format!("keyward-{user}"));
    is_written_by(&folder, user).then(|| folder.join("dev.json"))
}

/// Whether nobody but this user writes there, or it is not there yet.
fn is_written_by(folder: &Path, user: u32) -> bool {
    let known = std::fs::symlink_metadata(folder);
    known.map_or(true, |facts| facts.is_dir() && facts.uid() == user && facts.mode() & 0o022 == 0)
}

/// The data directory of the last development server.
pub(crate) fn dev_data() -> Option<PathBuf> {
    read_client(&dev_pointer()?).ok()?.data
}

pub(crate) fn read_client(path: &Path) -> std::io::Result<ClientFile> {
    let text = std::fs::read(path)?;
    serde_json::from_slice(&text).map_err(std::io::Error::other)
}

pub(crate) fn write_client(path: &Path, client: &ClientFile) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    write_private(path, &serde_json::to_vec_pretty(client).map_err(std::io::Error::other)?)
}

/// Replaces a file that only its owner may read. It is there after a power cut.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let _ = std::fs::remove_file(&fresh);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::File::open(folder)?.sync_all(),
        _ => std::fs::File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_others_could_have_written_is_not_believed() {
        let user = rustix::process::getuid().as_raw();
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("folder");
        assert!(is_written_by(&folder, user));
        std::fs::create_dir(&folder).unwrap();
        for (mode, is) in [(0o700, true), (0o755, true), (0o720, false), (0o702, false)] {
            std::fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_written_by(&folder, user), is, "{mode:o}");
        }
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        assert!(!is_written_by(&folder, user + 1));
        symlink(&folder, above.path().join("link")).unwrap();
        assert!(!is_written_by(&above.path().join("link"), user));
    }
}
