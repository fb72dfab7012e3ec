// E0451
fn forge(one: identity::SignedRequest) -> identity::SignedRequest {
    identity::SignedRequest { time: *b"20261125T095303Z", ..one }
}
