// E0382
fn twice(view: ledger::View) {
    let one = view.into_basis();
    let other = view.into_basis();
}
