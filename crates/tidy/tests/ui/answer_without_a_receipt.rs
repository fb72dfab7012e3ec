// E0616
fn peek(outcome: ledger::Outcome) -> Result<domain::Reply, domain::Fault> {
    outcome.reply.answer
}
