//! Signs requests: AWS Signature Version 4, header form
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use clock::Timestamp;
use crypto::{hmac_sha256, sha256};
use secret::Secret;

pub(crate) struct Signing<'a> {
    pub(crate) access_key: &'a str,
    pub(crate) secret: &'a Secret,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) at: Timestamp,
}

/// The headers of a signed request.
pub(crate) type Headers = Vec<(&'static str, String)>;

impl Signing<'_> {
    /// `path` has no query and nothing to escape; `headers` are in lower case, in ascending order, before `x-amz-date`.
    pub(crate) fn sign(&self, method: &str, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Headers {
        let stamp = self.at.to_basic();
        let mut signed: Headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        signed.push(("x-amz-date", stamp.clone()));
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!("{method}\n{path}\n\n{lines}\n{names}\n{}", hex(&sha256(body)));
        let date = stamp.split('T').next().unwrap_or_default();
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&sha256(canonical.as_bytes())));
        let signature = hex(&hmac_sha256(&self.key(date), to_sign.as_bytes()));
        let key = self.access_key;
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}");
        signed.push(("authorization", authorization));
        signed
    }

    fn key(&self, date: &str) -> [u8; 32] {
        let first = self.secret.expose(|secret| hmac_sha256(&[b"AWS4", secret].concat(), date.as_bytes()));
        let parts = [self.region, self.service, "aws4_request"];
        parts.iter().fold(first, |key, part| hmac_sha256(&key, part.as_bytes()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The suite that AWS published with the algorithm, where it needs no more than we do.
    fn published(method: &str, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> String {
        let secret = Secret::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec());
        let at = Timestamp::parse_basic("20150830T123600Z").unwrap();
        let signing =
            Signing { access_key: "AKIDEXAMPLE", secret: &secret, region: "us-east-1", service: "service", at };
        let signed = signing.sign(method, path, headers, body);
        let (_, authorization) = signed.last().unwrap();
        authorization.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn signs_as_the_published_suite_does() {
        const HOST: (&str, &str) = ("host", "example.amazonaws.com");
        let form = ("content-type", "application/x-www-form-urlencoded");
        assert_eq!(
            published("GET", "/", &[HOST], b""),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        assert_eq!(
            published("POST", "/", &[HOST], b""),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        assert_eq!(
            published("POST", "/", &[form, HOST], b"Param1=value1"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }
}
