// E0599
fn commit(view: &ledger::View, outcome: ledger::Outcome, basis: ledger::Basis) {
    let _ = view.commit(outcome.record, basis);
}
