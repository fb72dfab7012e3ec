// E0277
#[derive(Debug)]
struct Holds {
    name: String,
    secret: secret::Secret,
}
