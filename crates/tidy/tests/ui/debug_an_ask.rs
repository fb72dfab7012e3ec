// E0277
fn print(ask: &domain::Ask) {
    println!("{ask:?}");
}
