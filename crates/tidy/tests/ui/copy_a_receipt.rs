// E0277
fn copied<T: Clone>() {}
fn copy() {
    copied::<ledger::Receipt>();
}
