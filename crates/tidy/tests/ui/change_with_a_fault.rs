// E0308
fn half_done(draft: ledger::Drafted, change: ledger::Change) -> ledger::Outcome {
    ledger::Outcome::of(draft, Err((domain::Fault::NotFound, change)))
}
