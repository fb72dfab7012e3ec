// E0277
#[derive(Debug)]
struct Keeps {
    name: String,
    held: secret::Held,
}
