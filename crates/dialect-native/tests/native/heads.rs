//! What is decided by the head of a request alone.

use crate::fixtures::{authorization, moment, wire};
use dialect::Dialect;
use domain::Refusal;
use keyward_dialect_native::Native;

fn speaks(uri: &str, authorization: &str) -> bool {
    Native::new().speaks(&wire("POST", uri, &[("host", "x"), ("authorization", authorization)], "").head)
}

#[test]
fn other_tongues_are_left_alone() {
    let (ours, theirs) = (authorization("keyward"), authorization("kms"));
    assert!(speaks("/v1/encrypt", "") && speaks("/v1/no-such-thing", &theirs) && speaks("/", &ours));
    for other in ["/", "/v1", "/v1/", "/v1/sys/health", "/v1/projects/p/locations/l/keyRings", "/v2/encrypt"] {
        assert!(!speaks(other, &theirs), "{other}");
    }
}

fn refusal(method: &str, uri: &str, headers: &[(&str, &str)]) -> Refusal {
    let mut all = vec![("host", "x"), ("x-amz-date", "20261125T095303Z")];
    all.extend_from_slice(headers);
    match Native::new().read(&wire(method, uri, &all, "{}"), moment()) {
        Err(refusal) => refusal,
        Ok(_) => panic!("{method} {uri} was read"),
    }
}

#[test]
fn heads_that_make_no_sense_are_refused() {
    let json = ("content-type", "application/json; charset=utf-8");
    let ours = authorization("keyward");
    let theirs = authorization("kms");
    assert_eq!(refusal("GET", "/v1/who-am-i", &[json]), Refusal::NotFound);
    assert_eq!(refusal("POST", "/v1/who-am-i?x=1", &[json]), Refusal::NotFound);
    assert_eq!(refusal("POST", "/v1/who-am-i", &[]), Refusal::Unreadable { member: "content-type" });
    assert_eq!(refusal("POST", "/v1/Encrypt", &[json]), Refusal::UnknownOperation);
    assert_eq!(refusal("POST", "/", &[json]), Refusal::UnknownOperation);
    assert_eq!(refusal("POST", "/v1/who-am-i", &[json]), Refusal::MissingCredential);
    assert_eq!(
        refusal("POST", "/v1/who-am-i", &[json, ("authorization", &theirs)]),
        Refusal::WrongScope { part: "service" }
    );
    let request = wire(
        "POST",
        "/v1/who-am-i",
        &[("host", "x"), ("x-amz-date", "20261125T095303Z"), json, ("authorization", &ours)],
        "",
    );
    assert!(Native::new().read(&request, moment()).is_ok_and(|heard| &*heard.place.0 == "eu-central-1"));
}
