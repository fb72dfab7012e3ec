// E0369
fn compare(one: &secret::Secret, other: &secret::Secret) -> bool {
    *one == *other
}
