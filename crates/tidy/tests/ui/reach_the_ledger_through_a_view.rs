// E0616
fn reach(view: &ledger::View) {
    let _ = &view.shared;
}
