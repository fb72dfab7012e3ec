// E0521
fn keep(secret: &secret::Secret) {
    let mut kept: &[u8] = &[];
    secret.expose(|bytes| kept = bytes);
}
