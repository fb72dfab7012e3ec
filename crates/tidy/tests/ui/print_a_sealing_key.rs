// E0277
fn print(key: &crypto::SealKey) {
    println!("{key:?}");
}
