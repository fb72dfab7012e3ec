// E0308
fn plan(denial: policy::Denial, told: engine::Told, supplies: engine::Supplies<'_>, door: &policy::Policy) {
    engine::plan(denial, told, supplies, door);
}
