// E0308
fn answer(reply: domain::Reply) -> dialect::Answer {
    dialect::Answer::Unavailable(reply)
}
