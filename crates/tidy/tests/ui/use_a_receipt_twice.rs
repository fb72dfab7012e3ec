// E0382
fn twice(one: ledger::Sealed, other: ledger::Sealed, receipt: ledger::Receipt) {
    let _ = one.unseal(receipt);
    let _ = other.unseal(receipt);
}
