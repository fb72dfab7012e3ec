// E0624
fn forge<'r>(caller: identity::Caller, request: &'r domain::Request<'r>) -> policy::Permit<'r> {
    policy::Permit::new(caller, request, policy::Deciding::default())
}
