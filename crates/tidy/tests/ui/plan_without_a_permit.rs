// E0308
fn plan(request: &domain::Request<'_>, told: engine::Told, supplies: engine::Supplies) {
    engine::plan(request, told, supplies);
}
