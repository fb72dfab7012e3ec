// E0277
fn print(material: &domain::KeyMaterial) {
    println!("{material:?}");
}
