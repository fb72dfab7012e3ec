//! The file that Google's clients read a service account's key from.

use super::account::{Domain, address};
use crate::cli::Session;
use crate::config;
use crate::failure::Failure;
use crate::output::text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::Rs256Pair;
use secret::Secret;
use serde_json::{Value, json};
use std::path::Path;
use zeroize::Zeroizing;

/// Characters in a line of PEM (RFC 7468).
const LINE_CHARS: usize = 64;

/// Makes a pair, tells the server its public half, and writes the private one down. Returns the key's id.
pub(super) async fn create(session: &Session, file: &Path, account: &str, domain: &Domain) -> Result<String, Failure> {
    if file.exists() {
        return Err(Failure::new(format!("{} is there already", file.display())));
    }
    let pair = Rs256Pair::generate().map_err(|_| Failure::new("no randomness for a key"))?;
    let token_uri = format!("{}/token", session.client.facts().endpoint);
    let body = json!({ "principal": account, "public_key": STANDARD.encode(&pair.public), "audience": token_uri });
    let answer = session.call("register-public-key", &body).await?;
    let id = text(&answer, "/access_key_id");
    let contents = contents(session, &answer, &pair.private, domain)?;
    if let Err(why) = config::write_private(file, &contents) {
        // A key that nobody has opens nothing, but it is told of in every listing.
        session.call("remove-access-key", &json!({ "id": id })).await?;
        return Err(Failure::new(format!("{}: {why}", file.display())));
    }
    Ok(id)
}

fn contents(
    session: &Session,
    answer: &Value,
    private: &Secret,
    domain: &Domain,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let facts = session.client.facts();
    let endpoint = &facts.endpoint;
    let pem = private.expose(pem);
    let file = json!({
        "type": "service_account",
        "project_id": text(answer, "/tenant/name"),
        "private_key_id": text(answer, "/access_key_id"),
        "private_key": pem.as_str(),
        "client_email": address(answer, domain),
        "client_id": client_id(&text(answer, "/principal/id")),
        "auth_uri": format!("{endpoint}/auth"),
        "token_uri": format!("{endpoint}/token"),
        "universe_domain": domain.universe_domain,
        // No client reads it; whoever does knows which authority to trust.
        "ca_certificate_file": facts.ca_file.as_ref().map(|path| path.display().to_string()),
    });
    serde_json::to_vec_pretty(&file).map(Zeroizing::new).map_err(Failure::from_display)
}

/// PKCS#8 in PEM (RFC 7468).
fn pem(der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut pem = Zeroizing::new(String::with_capacity(body.len() + body.len() / LINE_CHARS + 64));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for line in body.as_bytes().chunks(LINE_CHARS) {
        pem.push_str(str::from_utf8(line).unwrap_or_default());
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

/// Twenty-one digits, as Google's are: a principal's id is written in more.
fn client_id(principal: &str) -> String {
    let number = domain::ObjectId::parse(principal).map_or(0, |id| u128::from_be_bytes(id.0));
    format!("1{:020}", number % 100_000_000_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_in_lines() {
        let text = pem(&[0x5a; 100]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines.get(1).map(|line| line.len()), Some(64));
        assert_eq!(client_id("00000000-0000-0000-0000-00000000000a"), "100000000000000000010");
    }
}
