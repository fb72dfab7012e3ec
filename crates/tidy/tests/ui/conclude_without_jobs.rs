// E0061
fn conclude(worked: Result<crypto::Worked, domain::Fault>) -> ledger::Outcome {
    engine::conclude(worked)
}
