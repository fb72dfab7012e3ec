// E0308
fn plan(denial: policy::Denial, told: engine::Told, supplies: engine::Supplies) {
    engine::plan(denial, told, supplies);
}
