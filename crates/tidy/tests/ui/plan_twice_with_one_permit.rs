// E0382
fn twice<'r>(
    permit: policy::Permit<'r>,
    told: [engine::Told; 2],
    supplies: engine::Supplies<'r>,
    door: &policy::Policy,
) {
    let [one, other] = told;
    engine::plan(permit, one, supplies, door);
    engine::plan(permit, other, supplies, door);
}
