// E0614
fn look(secret: secret::Secret) {
    let _ = *secret;
}
