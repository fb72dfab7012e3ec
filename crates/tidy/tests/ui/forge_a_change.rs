// E0451
fn forge(one: ledger::Change) -> ledger::Change {
    ledger::Change { ..one }
}
