//! One recorded request, edited: who is refused, and why.

use crate::common::{Book, ID, SECRET, book, known, request, signed_at, source, terms, vectors, verify, words};
use clock::{SECOND, Timestamp};
use domain::{Standing, Unavailable};
use keyward_identity::{Credential, Verifier, sigv4};

/// What boto3 sent for `kms:Encrypt`.
fn recorded() -> String {
    vectors(include_str!("../../../../tests/sigv4/clients.txt")).remove(0).text
}

fn outcome(text: &str, directory: &Book, late_millis: i64) -> String {
    let original = request(&recorded());
    let now = signed_at(&original.0).plus(late_millis);
    words(verify(&Verifier::new(), directory, &request(text), "kms", now))
}

/// Replaces `from`, which must be there, once.
fn edited(from: &str, to: &str) -> String {
    let text = recorded();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// Edit of the request, and what it comes to.
const EDITS: &[(&str, &str, &str)] = &[
    ("POST / ", "POST / ", ID),
    // What was signed was changed.
    ("POST / ", "GET / ", "BadSignature"),
    ("POST / ", "POST /x ", "BadSignature"),
    ("POST / ", "POST /?x ", "BadSignature"),
    ("YSB0ZXN0", "YSB0ZXN1", "BadSignature"),
    ("TrentService.Encrypt", "TrentService.Decrypt", "BadSignature"),
    ("Host: 127.0.0.1:4599", "Host: 127.0.0.1:4598", "BadSignature"),
    ("/eu-central-1/", "/eu-central-2/", "BadSignature"),
    ("Signature=80", "Signature=81", "BadSignature"),
    ("content-type;host;", "host;", "BadSignature"),
    // What was not signed may change.
    ("attempt=1", "attempt=2", ID),
    ("Boto3/", "Boto4/", ID),
    // Another spelling of the same.
    ("POST / ", "POST /./a/../ ", ID),
    ("X-Amz-Target: ", "x-amz-target:   ", ID),
    ("aws4_request, SignedHeaders", "aws4_request,SignedHeaders", ID),
    // The scope belongs elsewhere.
    ("/kms/", "/sts/", "WrongScope service"),
    ("AKIDEXAMPLE/20261125", "AKIDEXAMPLE/20261124", "WrongScope date"),
    ("AKIDEXAMPLE/20261125", "AKIDEXAMPLE/2026112", "WrongScope date"),
    ("AKIDEXAMPLE/20261125", "AKIDEXAMPLE/", "WrongScope date"),
    ("/eu-central-1/", "/EU/", "WrongScope region"),
    ("/eu-central-1/", "//", "WrongScope region"),
    ("/aws4_request", "/aws5_request", "WrongScope terminator"),
    // Somebody else.
    ("AKIDEXAMPLE/", "AKIDEXAMPLF/", "UnknownCredential"),
    // No credential, or half of one.
    ("Authorization: AWS4", "X-Authorization: AWS4", "MissingCredential"),
    ("AWS4-HMAC-SHA256 ", "Bearer ", "MissingCredential"),
    ("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA512 ", "IncompleteCredential algorithm"),
    ("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256", "IncompleteCredential algorithm"),
    ("Credential=", "Credentials=", "IncompleteCredential Authorization"),
    ("Credential=AKIDEXAMPLE/20261125/eu-central-1/kms/aws4_request, ", "", "IncompleteCredential Credential"),
    ("SignedHeaders=content-type;host;x-amz-date;x-amz-target, ", "", "IncompleteCredential SignedHeaders"),
    ("Signature=", "Signature=a, Signature=", "IncompleteCredential Signature"),
    ("Signature=", "Signature=0", "IncompleteCredential Signature"),
    ("Signature=8", "Signature=X", "IncompleteCredential Signature"),
    (", Signature=", ", ", "IncompleteCredential Authorization"),
    ("AKIDEXAMPLE/", "/", "IncompleteCredential Credential"),
    ("AKIDEXAMPLE/", "AKID EXAMPLE/", "IncompleteCredential Credential"),
    ("AKIDEXAMPLE/", "AKIDEXAMPLE/x/", "IncompleteCredential Credential"),
    ("AKIDEXAMPLE/20261125/", "AKIDEXAMPLE/", "IncompleteCredential Credential"),
    ("X-Amz-Date: 2026", "X-Amz-Dat: 2026", "IncompleteCredential X-Amz-Date"),
    ("X-Amz-Date: 2026", "X-Amz-Date: 1-2026", "IncompleteCredential X-Amz-Date"),
    ("X-Amz-Date: ", "X-Amz-Date: 20261125T000000Z\nX-Amz-Date: ", "IncompleteCredential X-Amz-Date"),
    ("Authorization: ", "Authorization: AWS4-HMAC-SHA256 x\nAuthorization: ", "IncompleteCredential Authorization"),
    // What must be signed is not, or the list is none.
    ("content-type;host;x-amz-date", "content-type;x-amz-date", "IncompleteCredential Host"),
    ("Host: 127.0.0.1:4599\n", "", "IncompleteCredential Host"),
    ("x-amz-date;x-amz-target", "x-amz-date", "IncompleteCredential SignedHeaders"),
    ("host;x-amz-date", "host", "IncompleteCredential SignedHeaders"),
    ("Accept-Encoding", "X-Amz-Acl", "IncompleteCredential SignedHeaders"),
    ("content-type;host", "host;content-type", "IncompleteCredential SignedHeaders"),
    ("content-type;host", "content-type;host;host", "IncompleteCredential SignedHeaders"),
    ("content-type;host", "Content-Type;host", "IncompleteCredential SignedHeaders"),
    ("content-type;host", "content-type;;host", "IncompleteCredential SignedHeaders"),
    ("content-type;host", "content-type;expires;host", "IncompleteCredential SignedHeaders"),
    ("content-type;host", "content-type;(;host", "IncompleteCredential SignedHeaders"),
    // The hash of a body that nobody signed.
    ("Accept-Encoding: identity", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", "IncompleteCredential SignedHeaders"),
    (
        "x-amz-date;x-amz-target, Signature=",
        "x-amz-content-sha256;x-amz-date;x-amz-target, Signature=",
        "IncompleteCredential SignedHeaders",
    ),
];

#[test]
fn edited_requests() {
    for (from, to, expected) in EDITS {
        assert_eq!(outcome(&edited(from, to), &book(), 0), *expected, "{from} → {to}");
    }
}

#[test]
fn a_claimed_hash_must_be_the_hash_of_the_body() {
    let javascript = vectors(include_str!("../../../../tests/sigv4/clients.txt")).remove(3);
    assert_eq!(javascript.name, "javascript-kms-encrypt");
    let claims = "x-amz-content-sha256: ";
    let table = [
        ("UNSIGNED-PAYLOAD", "IncompleteCredential x-amz-content-sha256"),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "IncompleteCredential x-amz-content-sha256"),
        ("", "IncompleteCredential x-amz-content-sha256"),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "BadSignature"),
    ];
    for (hash, expected) in table {
        let at = javascript.text.find(claims).unwrap() + claims.len();
        let text = format!("{}{hash}{}", &javascript.text[..at], &javascript.text[at + 64..]);
        let request = request(&text);
        let now = signed_at(&request.0);
        assert_eq!(words(verify(&Verifier::new(), &book(), &request, "kms", now)), expected, "{hash}");
    }
}

#[test]
fn who_may_not_or_is_not_there() {
    use Standing::{Active, Removed, Suspended};
    let table = [
        (SECRET, Active, Active, ID),
        ("another", Active, Active, "BadSignature"),
        ("", Active, Active, "BadSignature"),
        (SECRET, Suspended, Active, "UnknownCredential"),
        (SECRET, Removed, Active, "UnknownCredential"),
        (SECRET, Active, Suspended, "UnknownCredential"),
        (SECRET, Active, Removed, "UnknownCredential"),
    ];
    for (secret, key, person, expected) in table {
        let book = Book(Ok(Some(known(secret, 1, key, person))));
        assert_eq!(outcome(&recorded(), &book, 0), expected, "{secret} {key:?} {person:?}");
    }
    assert_eq!(outcome(&recorded(), &Book(Err(Unavailable::Sealed)), 0), "Sealed");
}

#[test]
fn the_example_secret_opens_nothing_for_a_stranger() {
    // The work done for strangers uses this very secret.
    assert_eq!(outcome(&recorded(), &Book(Ok(None)), 0), "UnknownCredential");
}

#[test]
fn the_window_counts_both_ways_and_only_the_holder_hears_of_it() {
    let window = 300 * SECOND;
    let table =
        [(0, ID), (window, ID), (-window, ID), (window + 1, "Skewed"), (-window - 1, "Skewed"), (i64::MAX, "Skewed")];
    for (late, expected) in table {
        assert_eq!(outcome(&recorded(), &book(), late), expected, "{late}");
    }
    assert_eq!(outcome(&edited("Encrypt", "Decrypt"), &book(), window + 1), "BadSignature");
    assert_eq!(outcome(&recorded(), &Book(Ok(None)), window + 1), "UnknownCredential");
}

#[test]
fn a_new_secret_takes_the_place_of_a_remembered_one() {
    let verifier = Verifier::new();
    let request = request(&recorded());
    let now = signed_at(&request.0);
    let ask = |secret, revision| {
        let book = Book(Ok(Some(known(secret, revision, Standing::Active, Standing::Active))));
        words(verify(&verifier, &book, &request, "kms", now))
    };
    assert_eq!(ask(SECRET, 1), ID);
    assert_eq!(ask(SECRET, 1), ID);
    assert_eq!(ask("another", 2), "BadSignature");
    assert_eq!(ask(SECRET, 3), ID);
}

#[test]
fn http2_carries_the_host_as_the_authority() {
    let (mut parts, body) = request(&recorded());
    let host = parts.headers.remove("host").unwrap();
    parts.uri = format!("https://{}/", host.to_str().unwrap()).parse().unwrap();
    let now = signed_at(&parts);
    assert_eq!(words(verify(&Verifier::new(), &book(), &(parts.clone(), body.clone()), "kms", now)), ID);
    parts.headers.insert("host", host);
    assert_eq!(words(verify(&Verifier::new(), &book(), &(parts.clone(), body.clone()), "kms", now)), ID);
    parts.headers.insert("host", "elsewhere".parse().unwrap());
    assert_eq!(words(verify(&Verifier::new(), &book(), &(parts, body), "kms", now)), "IncompleteCredential Host");
}

#[test]
fn a_presigned_query_is_no_credential() {
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261125%2Feu-central-1%2Fkms%2Faws4_request\
                 &X-Amz-Date=20261125T102603Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
    let request = format!("GET /?{query} HTTP/1.1\nHost: example.com");
    assert_eq!(outcome(&request, &book(), 0), "MissingCredential");
}

#[test]
fn the_caller_says_what_the_log_needs() {
    let (parts, body) = request(&recorded());
    let signed = sigv4::extract(&parts, &body, "kms").unwrap();
    assert_eq!((&*signed.location.0, &*signed.service, &*signed.date), ("eu-central-1", "kms", "20261125"));
    let signature = crypto::sha256(&signed.signature);
    let credential = Credential::SigV4(Box::new(signed));
    let now = Timestamp::parse_basic("20261125T102603Z").unwrap();
    let caller = Verifier::new().verify(&credential, &book(), source(), &terms(now, 0)).ok().unwrap();
    assert_eq!(caller.proof().access_key(), Some(ID));
    assert_eq!(caller.proof().signature_sha256(), Some(&signature));
    assert_eq!((&*caller.principal().name, &*caller.tenant().account), ("alice", "111122223333"));
}
