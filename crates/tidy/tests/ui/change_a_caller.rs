// E0616
fn change(caller: &mut identity::Caller, tenant: std::sync::Arc<domain::Tenant>) {
    caller.tenant = tenant;
}
