// E0616
fn lend(path: &path::Path) {
    let _ = path.house.load();
}
