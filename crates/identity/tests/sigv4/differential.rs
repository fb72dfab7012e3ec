//! What an independent signer signs is believed, and nothing that differs from it.

use crate::common::{Book, ID, SECRET, WINDOW_SECONDS, book, known, source, terms};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use clock::Timestamp;
use domain::{Refusal, Standing};
use http::Request;
use keyward_identity::{Credential, Unverified, Verifier, sigv4};
use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};

#[derive(Clone, Debug)]
struct Asked {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    seconds: u64,
    hashed: bool,
    token: Option<String>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let path = "(/([a-zA-Z0-9._~:@!$'()*,;=+-]|%[2-7][0-9A-F]|\\.|/){0,12}){1,3}";
    let query = proptest::option::of(
        "(([a-zA-Z0-9._~:@!$'()*,;/?+-]|%[2-7][0-9A-F]){0,6}(=([a-z0-9+=]|%C3%A9|%[2-7][0-9A-F]){0,6})?&?){0,4}",
    );
    let headers = proptest::collection::vec(("(x-amz-|x-|content-)[a-z]{1,4}", "[!-~]( {0,3}[!-~]{1,4}){0,4}"), 0..6);
    let body = proptest::collection::vec(any::<u8>(), 0..200);
    (
        "GET|POST|PUT|DELETE|PATCH",
        path,
        query,
        headers,
        body,
        1_000_000_000_u64..4_000_000_000,
        any::<bool>(),
        proptest::option::of("[a-zA-Z0-9/+=]{1,40}"),
    )
        .prop_map(|(method, path, query, headers, body, seconds, hashed, token)| Asked {
            method,
            path,
            query,
            headers,
            body,
            seconds,
            hashed,
            token,
        })
}

impl Asked {
    fn unsigned(&self) -> Request<()> {
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("{}{query}", self.path);
        let mut builder = Request::builder().method(&*self.method).uri(uri).header("host", "kms.example.com:8443");
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.body(()).unwrap()
    }

    fn signed(&self) -> Request<()> {
        let mut request = self.unsigned();
        let identity = Credentials::new(ID, SECRET, self.token.clone(), None, "test").into();
        let mut settings = SigningSettings::default();
        if self.hashed {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region("eu-central-1")
            .name("kms")
            .time(UNIX_EPOCH + Duration::from_secs(self.seconds))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let uri = format!("https://kms.example.com:8443{}", request.uri());
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let signable = SignableRequest::new(&self.method, uri, headers, SignableBody::Bytes(&self.body)).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request
    }
}

fn verify(request: Request<()>, body: &[u8], seconds: u64, directory: &Book) -> Result<(), Unverified> {
    let (parts, ()) = request.into_parts();
    let signed = sigv4::extract(&parts, &Bytes::copy_from_slice(body), "kms")?;
    let credential = Credential::SigV4(Box::new(signed));
    let now = Timestamp(i64::try_from(seconds).unwrap() * 1_000);
    Verifier::new().verify(&credential, directory, source(), &terms(now, WINDOW_SECONDS)).map(drop)
}

const BAD: Result<(), Unverified> = Err(Unverified::Refused(Refusal::BadSignature));

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_another_signs_is_believed(asked in asked()) {
        prop_assert_eq!(verify(asked.signed(), &asked.body, asked.seconds, &book()), Ok(()));
    }

    #[test]
    fn another_secret_is_not(asked in asked(), secret in "[a-zA-Z0-9/+]{40}") {
        let book = Book(Ok(Some(known(&secret, 1, Standing::Active, Standing::Active))));
        prop_assert_eq!(verify(asked.signed(), &asked.body, asked.seconds, &book), BAD);
    }

    #[test]
    fn nor_another_body(asked in asked(), more in any::<u8>()) {
        let body = [&*asked.body, &[more]].concat();
        prop_assert_eq!(verify(asked.signed(), &body, asked.seconds, &book()), BAD);
    }

    #[test]
    fn nor_another_header(asked in asked(), value in "[a-z]{1,8}") {
        let mut request = asked.signed();
        request.headers_mut().append("host", value.parse().unwrap());
        prop_assert_eq!(verify(request, &asked.body, asked.seconds, &book()), BAD);
    }

    #[test]
    fn nor_another_query(asked in asked(), name in "[a-z]{1,8}") {
        let mut request = asked.signed();
        let uri = request.uri();
        let query = uri.query().map_or(name.clone(), |query| format!("{query}&{name}"));
        *request.uri_mut() = format!("{}?{query}", uri.path()).parse().unwrap();
        prop_assert_eq!(verify(request, &asked.body, asked.seconds, &book()), BAD);
    }
}
