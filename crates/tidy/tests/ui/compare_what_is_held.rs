// E0369
fn compare(one: &secret::Held, other: &secret::Held) -> bool {
    *one == *other
}
