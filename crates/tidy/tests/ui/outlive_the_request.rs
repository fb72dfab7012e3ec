// E0505
fn outlive(door: &policy::Policy, caller: &identity::Caller, request: domain::Request<'static>, settings: &std::sync::Arc<domain::Settings>, now: clock::Moment) {
    let decision = door.authorize(caller, &request, settings, now);
    drop(request);
    drop(decision);
}
