//! Tokens of issuers elsewhere, which are to become access tokens.

use crate::world::*;
use domain::Standing;
use keyward_identity::Verifier;
use keyward_identity::bearer::outside::id;
use serde_json::{Value, json};

/// What an issuer says of a workload.
fn said() -> Value {
    json!({ "iss": ISSUER, "sub": SUBJECT, "aud": OUTSIDE_AUDIENCE, "iat": NOW, "exp": NOW + 3_600, "ref": "main" })
}

fn named(kid: &str) -> Value {
    json!({ "alg": "RS256", "typ": "JWT", "kid": kid })
}

fn judged(book: &Book, text: &str) -> String {
    word(exchange(&Verifier::new(), book, text, NOW))
}

fn check(members: Value, expected: &str) {
    let claims = with(said(), members);
    assert_eq!(judged(&Book::default(), &signed_by(&PAIR, &named(OUTSIDE_KID), &claims)), expected, "{claims}");
}

fn app() -> String {
    format!("app by {}", outside_key())
}

#[test]
fn who_is_known_by_issuer_subject_key_and_audience_is_believed() {
    for members in [
        json!({}),
        json!({ "aud": [OUTSIDE_AUDIENCE] }),
        json!({ "aud": ["https://elsewhere.example", OUTSIDE_AUDIENCE] }),
        json!({ "nbf": NOW - 10 }),
        json!({ "exp": NOW + 86_400 }),
    ] {
        check(members, &app());
    }
    for members in [
        json!({ "iss": "https://issuer.example/" }),
        json!({ "sub": "repo:acme/app:ref:refs/heads/other" }),
        json!({ "aud": "https://elsewhere.example" }),
        json!({ "aud": ["a", "b", "c", "d"] }),
    ] {
        check(members, "unknown-credential");
    }
    for members in [
        json!({ "sub": null }),
        json!({ "aud": null }),
        json!({ "aud": [] }),
        json!({ "aud": ["a", "b", "c", "d", OUTSIDE_AUDIENCE] }),
        json!({ "sub": "" }),
        json!({ "iss": "a".repeat(513) }),
    ] {
        check(members, "token");
    }
    for members in [
        json!({ "exp": NOW - 60, "iat": NOW - 600 }),
        json!({ "iat": NOW + 61 }),
        json!({ "nbf": NOW + 61 }),
        json!({ "exp": NOW + 86_401 }),
        json!({ "exp": NOW }),
    ] {
        check(members, "skewed");
    }
}

#[test]
fn only_the_key_that_the_house_was_given_signs() {
    let book = Book::default();
    assert_eq!(judged(&book, &signed_by(&STRANGER, &named(OUTSIDE_KID), &said())), "bad-signature");
    assert_eq!(judged(&book, &signed_by(&PAIR, &named("another"), &said())), "unknown-credential");
    assert_eq!(judged(&book, &with_sha384(&named(OUTSIDE_KID), &said())), "bad-signature");
    assert_eq!(judged(&book, "kw1_AAAA"), "token");
    let suspended = Book { person: Standing::Suspended, ..Book::default() };
    assert_eq!(judged(&suspended, &signed_by(&PAIR, &named(OUTSIDE_KID), &said())), "unknown-credential");
}

/// What is said for one purpose is worth nothing for another.
#[test]
fn uses_are_apart() {
    let (book, verifier) = (Book::default(), Verifier::new());
    // A service's own key vouches for nobody from elsewhere, and the key of an issuer calls and asserts nothing.
    assert_eq!(judged(&book, &token(&claims())), "unknown-credential");
    let posing = with(claims(), json!({ "aud": OUTSIDE_AUDIENCE }));
    assert_eq!(judged(&book, &signed_by(&PAIR, &named(&outside_key()), &posing)), "unknown-credential");
    let by_issuer = signed_by(&PAIR, &named(&outside_key()), &claims());
    assert_eq!(word(call(&verifier, &book, &by_issuer, NOW)), "unknown-credential");
    let assertion = signed_by(&PAIR, &named(&outside_key()), &with(claims(), json!({ "aud": TOKENS })));
    assert_eq!(word(assert_(&verifier, &book, &assertion, NOW)), "unknown-credential");
    assert_eq!(
        word(call(&verifier, &book, &signed_by(&PAIR, &named(OUTSIDE_KID), &said()), NOW)),
        "unknown-credential"
    );
}

#[test]
fn ids_are_apart() {
    let ids = [id("a", "b", "c", "d"), id("ab", "", "c", "d"), id("a", "b", "cd", ""), id("a", "1:b", "c", "d")];
    let mut apart = ids.to_vec();
    apart.sort();
    apart.dedup();
    assert_eq!(apart.len(), ids.len());
    assert!(ids.iter().all(|id| id.len() == 40));
}
