// compiles
pub fn honest<'r>(
    permit: policy::Permit<'r>,
    told: engine::Told,
    supplies: engine::Supplies<'r>,
    door: &policy::Policy,
) -> engine::Plan<'r> {
    engine::plan(permit, told, supplies, door)
}
pub fn answered(outcome: ledger::Outcome, receipt: ledger::Receipt) -> Result<domain::Reply, domain::Fault> {
    outcome.reply.unseal(receipt)
}
pub fn lent(secret: &secret::Secret) -> usize {
    secret.expose(|bytes| bytes.len())
}
pub fn judged(decision: policy::Decision<'_>) -> bool {
    match decision {
        policy::Decision::Permit(_) => true,
        policy::Decision::Denied(_) | policy::Decision::AwaitingApproval { .. } => false,
    }
}
