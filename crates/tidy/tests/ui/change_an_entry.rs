// E0616
fn change(outcome: &mut ledger::Outcome) {
    outcome.record.change = ledger::Change::none();
}
