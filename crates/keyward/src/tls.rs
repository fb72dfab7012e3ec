//! Certificates for those who bring none: an authority of the site's own, and a certificate by it.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::path::{Path, PathBuf};

/// The files of a server's certificate.
pub(crate) struct TlsFiles {
    pub ca: PathBuf,
    pub chain: PathBuf,
    pub key: PathBuf,
}

impl TlsFiles {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { ca: folder.join("ca.pem"), chain: folder.join("cert.pem"), key: folder.join("key.pem") }
    }

    pub(crate) fn exist(&self) -> bool {
        self.ca.exists() && self.chain.exists() && self.key.exists()
    }
}

const DAYS_VALID: i64 = 825;

/// Makes an authority and a certificate for these names and addresses. The authority's key is thrown away.
pub(crate) fn make(folder: &Path, names: &[String]) -> Result<TlsFiles, String> {
    std::fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let files = TlsFiles::in_folder(folder);
    let issued = issue(names).map_err(|why| why.to_string())?;
    let write = |path: &Path, text: &str| {
        crate::config::write_private(path, text.as_bytes()).map_err(|why| format!("{}: {why}", path.display()))
    };
    write(&files.ca, &issued.ca)?;
    write(&files.chain, &issued.chain)?;
    write(&files.key, &issued.key)?;
    Ok(files)
}

struct Issued {
    ca: String,
    chain: String,
    key: String,
}

fn issue(names: &[String]) -> Result<Issued, rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.distinguished_name.push(DnType::CommonName, "Keyward site authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut authority);
    let authority_key = KeyPair::generate()?;
    let ca = authority.self_signed(&authority_key)?;

    let mut server = CertificateParams::new(names.to_vec())?;
    server.distinguished_name.push(DnType::CommonName, "Keyward");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    valid(&mut server);
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok(Issued { ca: ca.pem(), chain: format!("{}{}", certificate.pem(), ca.pem()), key: key.serialize_pem() })
}

fn valid(params: &mut CertificateParams) {
    let now = clock::Clock::system().now().wall;
    let day = |millis: i64| {
        let text = clock::Timestamp(millis).to_date();
        let mut parts = text.split('-').map(|part| part.parse::<i32>().unwrap_or(1));
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let small = |part: Option<i32>| u8::try_from(part.unwrap_or(1)).unwrap_or(1);
        rcgen::date_time_ymd(year.unwrap_or(2026), small(month), small(day))
    };
    params.not_before = day(now.plus(-clock::DAY).0);
    params.not_after = day(now.plus(DAYS_VALID * clock::DAY).0);
}
