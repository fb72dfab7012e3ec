// E0277
fn print(secret: &secret::Secret) {
    println!("{secret:?}");
}
