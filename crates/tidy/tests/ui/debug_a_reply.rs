// E0277
fn print(reply: &domain::Reply) {
    println!("{reply:?}");
}
