// E0451
fn forge<'r>(caller: identity::Caller, request: &'r domain::Request<'r>, told: engine::Told, supplies: engine::Supplies<'r>, job: crypto::Job<'r>, one: engine::Jobs<'r>) -> engine::Jobs<'r> {
    engine::Jobs { caller, request, told, supplies, job, ..one }
}
