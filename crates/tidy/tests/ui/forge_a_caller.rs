// E0451
fn forge(principal: std::sync::Arc<domain::Principal>, tenant: std::sync::Arc<domain::Tenant>, source: identity::Source) -> identity::Caller {
    identity::Caller { principal, tenant, source, proof: identity::Proof::House, access_key: None }
}
