// E0308
fn plan<'r>(
    request: &'r domain::Request<'r>,
    told: engine::Told,
    supplies: engine::Supplies<'r>,
    door: &policy::Policy,
) {
    engine::plan(request, told, supplies, door);
}
