//! Access tokens that the site gave out.

use crate::world::*;
use domain::Standing;
use keyward_identity::Verifier;

#[test]
fn a_token_is_believed_until_it_ends() {
    let (verifier, book) = (Verifier::new(), Book::default());
    let text = spell(&given_out(KEY, NOW, NOW + 3_600), &book);
    for (at, expected) in [(NOW, believed()), (NOW + 3_599, believed()), (NOW + 3_600, "skewed".into())] {
        assert_eq!(word(call(&verifier, &book, &text, at)), expected);
    }
    // It stands for whoever signs requests as well.
    let text = spell(&given_out(SIGNING, NOW, NOW + 60), &book);
    assert_eq!(word(call(&verifier, &book, &text, NOW)), format!("app by {SIGNING}"));
}

#[test]
fn its_entry_can_name_it() {
    let book = Book::default();
    let caller = call(&Verifier::new(), &book, &spell(&given_out(KEY, NOW, NOW + 60), &book), NOW).ok().unwrap();
    assert_eq!(caller.proof().token(), Some(domain::ObjectId([7; 16])));
    assert!(caller.proof().signature_sha256().is_some());
}

#[test]
fn it_goes_with_its_access_key_and_its_principal() {
    let (verifier, known) = (Verifier::new(), Book::default());
    let text = spell(&given_out(KEY, NOW, NOW + 60), &known);
    for book in [
        Book { key: Standing::Suspended, ..known.clone() },
        Book { key: Standing::Removed, ..known.clone() },
        Book { person: Standing::Suspended, ..known.clone() },
        Book { person: Standing::Removed, ..known.clone() },
    ] {
        assert_eq!(word(call(&verifier, &book, &text, NOW)), "unknown-credential");
    }
    let gone = spell(&given_out("gone", NOW, NOW + 60), &known);
    assert_eq!(word(call(&verifier, &known, &gone, NOW)), "unknown-credential");
}

#[test]
fn no_letter_of_it_can_be_changed() {
    let (verifier, book) = (Verifier::new(), Book::default());
    let text = spell(&given_out(KEY, NOW, NOW + 60), &book);
    for at in 4..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert_ne!(word(call(&verifier, &book, &changed, NOW)), believed(), "{at}");
    }
    assert_ne!(word(call(&verifier, &book, &text[..text.len() - 4], NOW)), believed());
    assert_ne!(word(call(&verifier, &book, &format!("{text}AAAA"), NOW)), believed());
}

#[test]
fn it_is_no_assertion() {
    let book = Book::default();
    let text = spell(&given_out(KEY, NOW, NOW + 60), &book);
    assert_eq!(word(assert_(&Verifier::new(), &book, &text, NOW)), "token");
}

#[test]
fn it_lets_somebody_act_as_another_while_both_are_believed() {
    let (verifier, known) = (Verifier::new(), Book::default());
    let text = spell(&for_other(OTHER), &known);
    let caller = call(&verifier, &known, &text, NOW).ok().unwrap();
    assert!(caller.is_impersonated() && caller.principal().id == OTHER && caller.outside().is_none());
    assert_eq!(word(Ok(caller)), format!("other by {KEY}"));
    let own = call(&verifier, &known, &spell(&given_out(KEY, NOW, NOW + 60), &known), NOW).ok().unwrap();
    assert!(!own.is_impersonated());
    for book in [
        Book { key: Standing::Suspended, ..known.clone() },
        Book { person: Standing::Removed, ..known.clone() },
        Book { other: Standing::Suspended, ..known.clone() },
        Book { other: Standing::Removed, ..known.clone() },
    ] {
        assert_eq!(word(call(&verifier, &book, &text, NOW)), "unknown-credential");
    }
    let nobody = spell(&for_other(domain::ObjectId([9; 16])), &known);
    assert_eq!(word(call(&verifier, &known, &nobody, NOW)), "unknown-credential");
}

#[test]
fn it_is_spelled_as_documented() {
    let page = include_str!("../../../../docs/formats/access-token.md");
    for token in [given_out(KEY, NOW, NOW + 3_600), for_other(OTHER)] {
        let text = spell(&token, &Book::default());
        assert!(page.lines().any(|line| line.trim() == text), "{text}");
    }
}
