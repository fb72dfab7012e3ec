// E0061
fn commit(ledger: &ledger::Ledger, outcome: ledger::Outcome) {
    let _ = ledger.commit(outcome.record);
}
