//! A small signer of AWS Signature Version 4, for callers in stories.

use clock::Timestamp;

pub(crate) const REGION: &str = "eu-central-1";
pub(crate) const SERVICE: &str = "plain";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `20261125T095303Z`.
fn basic(now: Timestamp) -> String {
    let text = now.to_rfc3339();
    format!("{}Z", text.split('.').next().unwrap().replace(['-', ':'], ""))
}

/// A request with the sentence as its body, signed for the moment.
pub(crate) fn signed(id: &str, secret: &str, sentence: &str, now: Timestamp) -> http::request::Parts {
    let time = basic(now);
    let date = &time[..8];
    let scope = format!("{date}/{REGION}/{SERVICE}/aws4_request");
    let body = hex(&crypto::sha256(sentence.as_bytes()));
    let canonical = format!("POST\n/\n\nhost:plain\nx-amz-date:{time}\n\nhost;x-amz-date\n{body}");
    let hashed = hex(&crypto::sha256(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashed}");
    let seed = format!("AWS4{secret}").into_bytes();
    let parts = [date, REGION, SERVICE, "aws4_request", &to_sign];
    let signature = parts.iter().fold(seed, |key, part| crypto::hmac_sha256(&key, part.as_bytes()).to_vec());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=host;x-amz-date, Signature={}",
        hex(&signature)
    );
    let request = http::Request::post("/").header("host", "plain").header("x-amz-date", time);
    request.header("authorization", authorization).body(()).unwrap().into_parts().0
}
