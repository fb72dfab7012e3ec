//! Tokens that are to become access tokens.

use crate::world::*;
use keyward_identity::Verifier;
use serde_json::{Value, json};

fn check(book: &Book, claims: &Value, expected: &str) {
    assert_eq!(word(assert_(&Verifier::new(), book, &token(claims), NOW)), expected, "{claims}");
}

#[test]
fn an_assertion_names_a_token_endpoint() {
    let own = "https://127.0.0.1:8200/token";
    let book = Book { audience: Some(own.into()), ..Book::default() };
    let assertion = with(
        claims(),
        json!({ "aud": TOKENS, "sub": null, "scope": "https://www.googleapis.com/auth/cloud-platform" }),
    );
    check(&book, &assertion, &believed());
    check(&book, &with(assertion.clone(), json!({ "aud": own })), &believed());
    check(&book, &with(assertion.clone(), json!({ "aud": "https://oauth2.kms.example/token" })), &believed());
    check(&book, &with(assertion.clone(), json!({ "sub": EMAIL, "target_audience": "x" })), &believed());
    check(&Book::default(), &with(assertion.clone(), json!({ "aud": own })), "audience");
    for aud in [KMS, "https://oauth2.googleapis.com/", "https://evil.example/token", ""] {
        check(&book, &with(assertion.clone(), json!({ "aud": aud })), "audience");
    }
    check(&book, &with(assertion.clone(), json!({ "aud": null })), "audience");
    // Nobody speaks for another.
    check(&book, &with(assertion.clone(), json!({ "sub": "boss@acme.iam.gserviceaccount.com" })), "issuer");
    check(&book, &with(assertion.clone(), json!({ "exp": NOW + 3_601 })), "skewed");
    // It is no credential of a call.
    assert_eq!(word(call(&Verifier::new(), &book, &token(&with(assertion, json!({ "sub": EMAIL }))), NOW)), "audience");
}

#[test]
fn the_endpoint_that_a_key_was_made_for_is_an_audience_of_calls_too() {
    let book = Book { audience: Some("https://127.0.0.1:8200/token".into()), ..Book::default() };
    let text = token(&with(claims(), json!({ "aud": "https://127.0.0.1:8200/" })));
    assert_eq!(word(call(&Verifier::new(), &book, &text, NOW)), believed());
    assert_eq!(word(call(&Verifier::new(), &Book::default(), &text, NOW)), "audience");
}
