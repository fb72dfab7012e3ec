// E0382
fn twice(permit: policy::Permit<'_>) {
    permit.spend();
    permit.spend();
}
