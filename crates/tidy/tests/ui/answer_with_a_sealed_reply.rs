// E0308
fn answer(outcome: ledger::Outcome) -> dialect::Answer {
    dialect::Answer::Recorded(outcome.reply)
}
