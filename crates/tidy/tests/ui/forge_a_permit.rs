// E0451
fn forge<'r>(caller: identity::Caller, request: &'r domain::Request<'r>) -> policy::Permit<'r> {
    policy::Permit { caller, request, deciding: policy::Deciding::default() }
}
