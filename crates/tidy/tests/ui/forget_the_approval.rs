// E0004
fn judged(decision: policy::Decision<'_>) -> bool {
    match decision {
        policy::Decision::Permit(_) => true,
        policy::Decision::Denied(_) => false,
    }
}
