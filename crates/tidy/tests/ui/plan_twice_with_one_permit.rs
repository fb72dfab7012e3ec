// E0382
fn twice(permit: policy::Permit<'_>, told: [engine::Told; 2], supplies: engine::Supplies) {
    let [one, other] = told;
    engine::plan(permit, one, supplies);
    engine::plan(permit, other, supplies);
}
