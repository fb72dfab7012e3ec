//! Tokens that a service signed itself, borne in a call.

use crate::world::*;
use domain::Standing;
use keyward_identity::Verifier;
use serde_json::{Value, json};

fn check(claims: &Value, expected: &str) {
    assert_eq!(word(call(&Verifier::new(), &Book::default(), &token(claims), NOW)), expected, "{claims}");
}

#[test]
fn what_client_libraries_send_is_believed() {
    let scope = "https://www.googleapis.com/auth/cloud-platform";
    for members in [
        json!({}),
        json!({ "aud": "https://cloudkms.googleapis.com" }),
        json!({ "aud": "https://cloudkms.kms.example/" }),
        json!({ "aud": null, "scope": scope }),
        json!({ "aud": "", "scope": scope }),
        json!({ "scope": "https://www.googleapis.com/auth/other" }),
        json!({ "aud": null, "scope": format!("openid {scope}") }),
        json!({ "iss": "app@acme.iam.kms.example", "sub": "app@acme.iam.kms.example" }),
        json!({ "iss": "app@111122223333.iam.gserviceaccount.com", "sub": "app@111122223333.iam.gserviceaccount.com" }),
        json!({ "iat": NOW - 3_000, "exp": NOW + 600 }),
        json!({ "jti": "one", "private": { "any": [1, 2] } }),
    ] {
        check(&with(claims(), members), &believed());
    }
}

#[test]
fn what_is_said_must_be_about_the_signer_and_for_us() {
    let other = "app@other.iam.gserviceaccount.com";
    for members in [
        json!({ "iss": other, "sub": other }),
        json!({ "sub": other }),
        json!({ "sub": null }),
        json!({ "iss": "app@acme.iam.gserviceaccount.com.evil.example", "sub": EMAIL }),
        json!({ "iss": "app", "sub": "app" }),
        json!({ "iss": "", "sub": "" }),
    ] {
        check(&with(claims(), members), "issuer");
    }
    for members in [
        json!({ "aud": "https://storage.googleapis.com/" }),
        json!({ "aud": TOKENS }),
        json!({ "aud": "" }),
        json!({ "aud": null }),
        json!({ "aud": null, "scope": "https://www.googleapis.com/auth/devstorage.read_only" }),
        json!({ "aud": "https://cloudkms.other.example/" }),
    ] {
        check(&with(claims(), members), "audience");
    }
}

#[test]
fn a_token_lives_an_hour_at_most() {
    for (iat, exp, expected) in [
        (NOW, NOW + 3_600, believed()),
        (NOW, NOW + 3_601, "skewed".into()),
        (NOW + 60, NOW + 1_000, believed()),
        (NOW + 61, NOW + 1_000, "skewed".into()),
        (NOW - 3_000, NOW - 59, believed()),
        (NOW - 3_000, NOW - 60, "skewed".into()),
        (NOW, NOW, "skewed".into()),
        (NOW, NOW - 1, "skewed".into()),
        (i64::MIN, i64::MAX, "skewed".into()),
        (0, i64::MAX, "skewed".into()),
    ] {
        check(&with(claims(), json!({ "iat": iat, "exp": exp })), &expected);
    }
}

#[test]
fn only_the_registered_key_signs_and_only_in_one_way() {
    let (verifier, book) = (Verifier::new(), Book::default());
    let judged = |text: &str| word(call(&verifier, &book, text, NOW));
    assert_eq!(judged(&signed_by(&STRANGER, &header(), &claims())), "bad-signature");
    assert_eq!(judged(&with_sha384(&header(), &claims())), "bad-signature");
    assert_eq!(judged(&signed_by(&PAIR, &with(header(), json!({ "kid": "nobody" })), &claims())), "unknown-credential");
    // The secret of an access key is no RSA key, whoever knows its id.
    assert_eq!(judged(&signed_by(&PAIR, &with(header(), json!({ "kid": SIGNING })), &claims())), "unknown-credential");
    for algorithm in ["none", "None", "HS256", "RS384", "PS256", "ES256", ""] {
        let header = with(header(), json!({ "alg": algorithm }));
        assert_eq!(judged(&signed_by(&PAIR, &header, &claims())), "alg", "{algorithm}");
    }
    assert_eq!(judged(&signed_by(&PAIR, &with(header(), json!({ "crit": ["exp"] })), &claims())), "alg");
    let text = token(&claims());
    let (signed, _) = text.rsplit_once('.').unwrap();
    assert_eq!(judged(&format!("{signed}.")), "bad-signature");
    // Each letter of what was signed counts.
    for at in [20, signed.len() / 2, signed.len() - 1] {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert_ne!(judged(&changed), believed(), "{at}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let (verifier, book) = (Verifier::new(), Book::default());
    let judged = |text: &str| word(call(&verifier, &book, text, NOW));
    let whole = token(&claims());
    for text in ["a", "a.b", "..", "a.b.c.d", "=", "kw1_", "kw1_AAAA", &format!("{whole}."), &whole[1..]] {
        assert_eq!(judged(text), "token", "{text}");
    }
    assert_eq!(judged(""), "token");
    assert_eq!(judged("two words"), "token");
    assert_eq!(judged(&"A".repeat(8_193)), "token");
    let header = header().to_string();
    let twice = claims().to_string().replacen('{', &format!("{{\"iss\":\"{EMAIL}\","), 1);
    for claims in ["", "null", "[]", "{}", &format!("[{}]", claims()), &twice, &"[".repeat(3_000)] {
        assert_eq!(judged(&spelled(&header, claims)), "token", "{claims}");
    }
    for header in ["", "{}", r#"["RS256","x",null,null]"#, r#"{"alg":"RS256"}"#] {
        assert_eq!(judged(&spelled(header, &claims().to_string())), "token", "{header}");
    }
    assert_eq!(judged(&spelled(r#"{"alg":"RS256","kid":""}"#, &claims().to_string())), "kid");
    assert_eq!(
        judged(&spelled(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(129)), &claims().to_string())),
        "kid"
    );
}

#[test]
fn a_remembered_signature_vouches_for_nobody_who_is_gone() {
    let verifier = Verifier::new();
    let (known, text) = (Book::default(), token(&claims()));
    assert_eq!(word(call(&verifier, &known, &text, NOW)), believed());
    for (book, expected) in [
        (Book { key: Standing::Suspended, revision: 2, ..known.clone() }, "unknown-credential"),
        (Book { key: Standing::Removed, ..known.clone() }, "unknown-credential"),
        (Book { person: Standing::Suspended, ..known.clone() }, "unknown-credential"),
        (Book { public: STRANGER.public.clone(), revision: 2, ..known.clone() }, "bad-signature"),
        (Book { unavailable: true, ..known.clone() }, "unavailable"),
    ] {
        assert_eq!(word(call(&verifier, &book, &text, NOW)), expected);
    }
    assert_eq!(word(call(&verifier, &known, &text, NOW)), believed());
    assert_eq!(word(call(&verifier, &known, &text, NOW + 3_660)), "skewed");
    // Nor for another use.
    assert_eq!(word(assert_(&verifier, &known, &text, NOW)), "audience");
}

#[test]
fn the_scheme_and_the_header_are_read_as_they_should_be() {
    let find = |values: &[&str]| {
        let mut request = http::Request::get("/");
        for value in values {
            request = request.header("authorization", *value);
        }
        let place = domain::Location::parse("global").unwrap();
        let request = request.body(()).unwrap();
        keyward_identity::Bearer::find(request.headers(), place).map(drop).map_err(|refusal| refusal.word())
    };
    assert_eq!(find(&["bearer a.b.c"]), Ok(()));
    assert_eq!(find(&["BEARER  a.b.c "]), Ok(()));
    assert_eq!(find(&[]), Err("missing-credential"));
    assert_eq!(find(&["Basic a.b.c"]), Err("missing-credential"));
    assert_eq!(find(&["AWS4-HMAC-SHA256 a"]), Err("missing-credential"));
    assert_eq!(find(&["Bearer"]), Err("incomplete-credential"));
    assert_eq!(find(&["Bearer a", "Bearer b"]), Err("incomplete-credential"));
}
