// E0277
fn print(held: &secret::Held) {
    println!("{held:?}");
}
