//! Published and recorded requests.

use crate::common::{book, request, signed_at, vectors, verify, words};
use keyward_identity::Verifier;

fn check(file: &str, count: usize) {
    let vectors = vectors(file);
    assert_eq!(vectors.len(), count);
    for vector in vectors {
        let request = request(&vector.text);
        let outcome = verify(&Verifier::new(), &book(), &request, vector.service, signed_at(&request.0));
        assert_eq!(words(outcome), vector.expected, "{}", vector.name);
    }
}

#[test]
fn requests_of_the_published_suite() {
    check(include_str!("../../../../tests/sigv4/aws-suite.txt"), 30);
}

#[test]
fn requests_that_real_clients_sent() {
    check(include_str!("../../../../tests/sigv4/clients.txt"), 4);
}
