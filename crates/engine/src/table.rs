//! Which operation is which file: the one table from asks to work.

use crate::find::Here;
use crate::{
    Step, Supplies, aliases, bindings, decrypt, documents, encrypt, house, import, keys, log, mac, people, private,
    raw, re_encrypt, retire, rings, sign, tenants, times, tokens, working,
};
use domain::{Action, Ask, BindingsOn, Demand, Fault, Found, LifeChange, Request, Target};
use ledger::View;
use std::sync::Arc;

/// One `match` over all asks, without a rest: an ask that has no name does not compile.
macro_rules! named {
    ($($pattern:pat => $action:expr,)+) => {
        /// What an ask is called where nothing was resolved yet.
        pub(crate) fn action_of(ask: &Ask) -> Action {
            match ask {
                $($pattern => $action,)+
            }
        }
    };
}

named! {
    Ask::CreateKey(_) => Action::CreateKey,
    Ask::DescribeKey { .. } => Action::DescribeKey,
    Ask::ListKeys { .. } => Action::ListKeys,
    Ask::ChangeLife { change, .. } => life_action(change),
    Ask::DescribeKeyAs { .. } => Action::SetDescription,
    Ask::SetFacts { .. } => Action::SetFacts,
    Ask::Tag { .. } => Action::TagKey,
    Ask::Untag { .. } => Action::UntagKey,
    Ask::ListTags { .. } => Action::ListTags,
    Ask::ListVersions { .. } => Action::ListVersions,
    Ask::DescribeVersion { .. } => Action::DescribeVersion,
    Ask::CreateVersion { .. } => Action::CreateVersion,
    Ask::UpdateKey { update, .. } => keys::update_action(update),
    Ask::SetRotation { rotation: Some(_), .. } => Action::EnableRotation,
    Ask::SetRotation { rotation: None, .. } => Action::DisableRotation,
    Ask::GetRotation { .. } => Action::GetRotation,
    Ask::Rotate { .. } => Action::RotateKey,
    Ask::CertifyDestruction { .. } => Action::CertifyDestruction,
    Ask::RevertEntry { .. } => Action::RevertEntry,
    Ask::CreateRing { .. } => Action::CreateRing,
    Ask::DescribeRing { .. } => Action::DescribeRing,
    Ask::ListRings { .. } => Action::ListRings,
    Ask::ListKeysInRing { .. } => Action::ListKeys,
    Ask::ListLocations { .. } => Action::ListLocations,
    Ask::CreateImportJob { .. } => Action::CreateImportJob,
    Ask::DescribeImportJob { .. } => Action::DescribeImportJob,
    Ask::ListImportJobs { .. } => Action::ListImportJobs,
    Ask::ImportVersion { .. } => Action::ImportVersion,
    Ask::DeleteKey { .. } => Action::DeleteKey,
    Ask::DeleteVersion { .. } => Action::DeleteVersion,
    Ask::ListRetiredKeys { .. } => Action::ListRetiredKeys,
    Ask::DescribeRetiredKey { .. } => Action::DescribeRetiredKey,
    Ask::CreateAlias { .. } => Action::CreateAlias,
    Ask::RetargetAlias { .. } => Action::RetargetAlias,
    Ask::DeleteAlias { .. } => Action::DeleteAlias,
    Ask::ListAliases { .. } => Action::ListAliases,
    Ask::Encrypt { .. } => Action::Encrypt,
    Ask::Decrypt { .. } => Action::Decrypt,
    Ask::ReEncrypt { .. } => Action::ReEncryptFrom,
    Ask::GenerateDataKey { plaintext: true, .. } => Action::GenerateDataKey,
    Ask::GenerateDataKey { plaintext: false, .. } => Action::GenerateDataKeyWithoutPlaintext,
    Ask::GenerateRandom { .. } => Action::GenerateRandom,
    Ask::Sign { .. } => Action::Sign,
    Ask::Verify { .. } => Action::Verify,
    Ask::MacSign { .. } => Action::MacSign,
    Ask::MacVerify { .. } => Action::MacVerify,
    Ask::DecryptAsymmetric { .. } => Action::DecryptAsymmetric,
    Ask::EncryptRaw { .. } => Action::EncryptRaw,
    Ask::DecryptRaw { .. } => Action::DecryptRaw,
    Ask::Decapsulate { .. } => Action::Decapsulate,
    Ask::GetPublicKey { .. } => Action::GetPublicKey,
    Ask::GetDocument { .. } => Action::GetDocument,
    Ask::PutDocument { .. } => Action::PutDocument,
    Ask::ListDocuments { .. } => Action::ListDocuments,
    Ask::GetBindings { .. } => Action::GetBindings,
    Ask::SetBindings { .. } => Action::SetBindings,
    Ask::TestPermissions { .. } => Action::TestPermissions,
    Ask::Explain { .. } => Action::Explain,
    Ask::WhoAmI => Action::WhoAmI,
    Ask::CreateTenant { .. } => Action::CreateTenant,
    Ask::ListTenants => Action::ListTenants,
    Ask::DescribeTenant { .. } => Action::DescribeTenant,
    Ask::CreatePrincipal { .. } => Action::CreatePrincipal,
    Ask::ListPrincipals => Action::ListPrincipals,
    Ask::DescribePrincipal { .. } => Action::DescribePrincipal,
    Ask::RemovePrincipal { .. } => Action::RemovePrincipal,
    Ask::SuspendPrincipal { .. } => Action::SuspendPrincipal,
    Ask::AssignRole { .. } => Action::AssignRole,
    Ask::WithdrawRole { .. } => Action::WithdrawRole,
    Ask::CreateAccessKey { .. } => Action::CreateAccessKey,
    Ask::SuspendAccessKey { .. } => Action::SuspendAccessKey,
    Ask::RemoveAccessKey { .. } => Action::RemoveAccessKey,
    Ask::RegisterPublicKey { .. } => Action::RegisterPublicKey,
    Ask::IssueToken { .. } => Action::IssueToken,
    Ask::IssueTokenFor { .. } => Action::ImpersonatePrincipal,
    Ask::PutIdentityDocument { .. } => Action::PutIdentityDocument,
    Ask::RemoveIdentityDocument { .. } => Action::RemoveIdentityDocument,
    Ask::PutForbid { .. } => Action::PutForbid,
    Ask::RemoveForbid { .. } => Action::RemoveForbid,
    Ask::ListForbids => Action::ListForbids,
    Ask::ListEntries(_) => Action::ListEntries,
    Ask::ProveEntry { .. } => Action::ProveEntry,
    Ask::GetCheckpoint => Action::GetCheckpoint,
    Ask::GetStatus => Action::GetStatus,
    Ask::GetSettings => Action::GetSettings,
    Ask::SetSettings { .. } => Action::SetSettings,
    Ask::GetClock => Action::GetClock,
    Ask::AcceptClock { .. } => Action::AcceptClock,
    Ask::RotateDue { .. } => Action::RotateDue,
    Ask::DestroyDue { .. } => Action::DestroyDue,
    Ask::WipeExpired { .. } => Action::WipeExpired,
    Ask::CloseWindows { .. } => Action::CloseWindows,
    Ask::GenerateDue { .. } => Action::GenerateDue,
    Ask::GiveBack(_) => Action::GiveBack,
    Ask::ErrandDone { .. } => Action::ErrandDone,
    Ask::Prune { .. } => Action::Prune,
    Ask::Invalid { action, .. } => *action,
}

fn life_action(change: &LifeChange) -> Action {
    match change {
        LifeChange::Suspend(_) => Action::SuspendKey,
        LifeChange::Resume(_) => Action::ResumeKey,
        LifeChange::Enter(..) => Action::ChangeState,
        LifeChange::MakePrimary(_) => Action::MakePrimary,
        LifeChange::SetWindow(..) => Action::SetWindow,
        LifeChange::ScheduleDestruction { .. } | LifeChange::ScheduleVersionDestruction { .. } => {
            Action::ScheduleDestruction
        }
        LifeChange::CancelDestruction(_) => Action::CancelDestruction,
    }
}

/// The key that an ask names.
pub(crate) fn asked_key(ask: &Ask) -> Option<&domain::KeyName> {
    match ask {
        Ask::DescribeKey { key, .. }
        | Ask::ChangeLife { key, .. }
        | Ask::DescribeKeyAs { key, .. }
        | Ask::SetFacts { key, .. }
        | Ask::Tag { key, .. }
        | Ask::Untag { key, .. }
        | Ask::CertifyDestruction { key }
        | Ask::ListTags { key }
        | Ask::ListVersions { key }
        | Ask::DescribeVersion { key, .. }
        | Ask::CreateVersion { key }
        | Ask::DeleteKey { key }
        | Ask::DeleteVersion { key, .. }
        | Ask::ImportVersion { key, .. }
        | Ask::UpdateKey { key, .. }
        | Ask::SetRotation { key, .. }
        | Ask::GetRotation { key }
        | Ask::Rotate { key }
        | Ask::GetDocument { key, .. }
        | Ask::ListDocuments { key, .. }
        | Ask::PutDocument { key, .. }
        | Ask::CreateAlias { key, .. }
        | Ask::RetargetAlias { key, .. }
        | Ask::Encrypt { key, .. }
        | Ask::GenerateDataKey { key, .. }
        | Ask::Explain { key, .. }
        | Ask::Sign { key, .. }
        | Ask::Verify { key, .. }
        | Ask::MacSign { key, .. }
        | Ask::MacVerify { key, .. }
        | Ask::DecryptAsymmetric { key, .. }
        | Ask::EncryptRaw { key, .. }
        | Ask::DecryptRaw { key, .. }
        | Ask::Decapsulate { key, .. }
        | Ask::GetPublicKey { key, .. }
        | Ask::ReEncrypt { to: key, .. } => Some(key),
        Ask::Decrypt { key, .. } | Ask::ListAliases { key, .. } => key.as_ref(),
        Ask::GetBindings { on: BindingsOn::Key(key) }
        | Ask::SetBindings { on: BindingsOn::Key(key), .. }
        | Ask::TestPermissions { on: BindingsOn::Key(key), .. } => Some(key),
        _ => None,
    }
}

/// What the ask's names have become, and all that must be allowed.
pub(crate) fn found(ask: &Ask, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    let action = action_of(ask);
    match ask {
        Ask::CreateKey(create) => keys::found_fresh(create, here, view),
        Ask::ListKeys { page } => keys::found_list(*page, here, view),
        Ask::DescribeKey { key, at: Some(at) } => keys::found_at(key, *at, here, view),
        Ask::DescribeKey { key, at: None }
        | Ask::ChangeLife { key, .. }
        | Ask::DescribeKeyAs { key, .. }
        | Ask::SetFacts { key, .. }
        | Ask::Tag { key, .. }
        | Ask::Untag { key, .. }
        | Ask::ListTags { key }
        | Ask::ListVersions { key }
        | Ask::DescribeVersion { key, .. }
        | Ask::CreateVersion { key }
        | Ask::DeleteKey { key }
        | Ask::DeleteVersion { key, .. }
        | Ask::SetRotation { key, .. }
        | Ask::GetRotation { key }
        | Ask::Rotate { key }
        | Ask::GetDocument { key, .. }
        | Ask::ListDocuments { key, .. } => keys::found(action, key, here, view),
        Ask::CertifyDestruction { key } => keys::found_certificate(key, here, view),
        Ask::RevertEntry { entry } => keys::found_revert(*entry, here, view),
        Ask::CreateAlias { alias, key } | Ask::RetargetAlias { alias, key } => {
            aliases::found(action, alias, Some(key), here, view)
        }
        Ask::DeleteAlias { alias } => aliases::found(action, alias, None, here, view),
        Ask::ListAliases { key, page } => aliases::found_list(key.as_ref(), *page, here, view),
        Ask::UpdateKey { key, update } => keys::found_update(key, update, here, view),
        Ask::GenerateDataKey { key, .. } => working::found_version(action, key, None, here, view),
        Ask::Decrypt { .. } => decrypt::found(ask, here, view),
        Ask::ReEncrypt { .. } => re_encrypt::found(ask, here, view),
        Ask::GenerateRandom { project, .. } => encrypt::found_random(project.as_deref(), here),
        Ask::Encrypt { key, version, .. }
        | Ask::Sign { key, version, .. }
        | Ask::Verify { key, version, .. }
        | Ask::MacSign { key, version, .. }
        | Ask::MacVerify { key, version, .. }
        | Ask::DecryptAsymmetric { key, version, .. }
        | Ask::EncryptRaw { key, version, .. }
        | Ask::DecryptRaw { key, version, .. }
        | Ask::Decapsulate { key, version, .. }
        | Ask::GetPublicKey { key, version, .. } => working::found_version(action, key, *version, here, view),
        Ask::PutDocument { key, regime, text, .. } => documents::found_put(key, *regime, text, here, view),
        Ask::GetBindings { .. } | Ask::SetBindings { .. } | Ask::TestPermissions { .. } => {
            bindings::found(ask, here, view)
        }
        Ask::Explain { principal, key, .. } => documents::found_explain(principal.as_deref(), key, here, view),
        other => found_rings(other, action, here, view),
    }
}

fn found_rings(ask: &Ask, action: Action, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    match ask {
        Ask::CreateRing { ring } => rings::found_fresh(ring, here, view),
        Ask::DescribeRing { ring } => rings::found(ring, here, view),
        Ask::ListRings { project } => rings::found_list(project.as_deref(), here, view),
        Ask::ListKeysInRing { ring } => rings::found_keys(ring, here, view),
        Ask::ListLocations { project } => rings::found_locations(project.as_deref(), here, view),
        Ask::ListRetiredKeys { project } => retire::found_list(project.as_deref(), here, view),
        Ask::DescribeRetiredKey { project, id } => retire::found(project.as_deref(), *id, here, view),
        Ask::CreateImportJob { ring, name, .. } => import::found_fresh(ring, name, here, view),
        Ask::DescribeImportJob { ring, name, .. } => import::found_job(ring, name, here, view),
        Ask::ListImportJobs { ring } => import::found_jobs(ring, here, view),
        Ask::ImportVersion { .. } => import::found(ask, here, view),
        other => found_people(other, action, here, view),
    }
}

fn found_people(ask: &Ask, action: Action, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    match ask {
        Ask::WhoAmI => Ok(people::found_caller(here)),
        Ask::CreateTenant { name, account, profile } => {
            tenants::found_fresh(name, account.as_deref(), *profile, here, view)
        }
        Ask::ListTenants => tenants::found_list(view),
        Ask::DescribeTenant { name } => tenants::found(name, here, view),
        Ask::CreatePrincipal { tenant, name, .. } => people::found_fresh(tenant.as_deref(), name, here, view),
        Ask::ListPrincipals => people::found_list(here, view),
        Ask::DescribePrincipal { name }
        | Ask::RemovePrincipal { name }
        | Ask::SuspendPrincipal { name, .. }
        | Ask::AssignRole { principal: name, .. }
        | Ask::WithdrawRole { principal: name, .. }
        | Ask::PutIdentityDocument { principal: name, .. }
        | Ask::RemoveIdentityDocument { principal: name, .. } => people::found(action, name, here, view),
        Ask::CreateAccessKey { tenant, principal } => {
            let id = people::public_half(here.fresh);
            people::found_fresh_key(action, id, tenant.as_deref(), principal, here, view)
        }
        Ask::RegisterPublicKey { tenant, principal, outside, audience, .. } => {
            let id = tokens::public_key_id(outside.as_ref(), audience.as_deref(), here.fresh);
            people::found_fresh_key(action, id, tenant.as_deref(), principal, here, view)
        }
        Ask::IssueToken { seconds } => Ok(tokens::found(*seconds, here, view)),
        Ask::IssueTokenFor { account, delegates, seconds } => {
            tokens::found_for(account, delegates, *seconds, here, view)
        }
        Ask::SuspendAccessKey { id, .. } | Ask::RemoveAccessKey { id } => people::found_key(action, id, here, view),
        Ask::PutForbid { .. } | Ask::RemoveForbid { .. } | Ask::ListForbids => tenants::found_own(action, here, view),
        other => found_house(other, action, here, view),
    }
}

fn found_house(ask: &Ask, action: Action, here: &Here<'_>, view: &View) -> Result<(Found, Vec<Demand>), Fault> {
    match ask {
        Ask::ListEntries(query) => log::found_entries(query, here, view),
        Ask::ProveEntry { index } => log::found_proof(*index, here, view),
        Ask::GetCheckpoint => log::found_checkpoint(here, view),
        Ask::GetStatus => log::found_status(here, view),
        Ask::GetSettings | Ask::SetSettings { .. } => tenants::found_settings(action, view),
        Ask::GetClock | Ask::AcceptClock { .. } => times::found(action, here, view),
        Ask::RotateDue { key }
        | Ask::DestroyDue { key }
        | Ask::WipeExpired { key }
        | Ask::CloseWindows { key }
        | Ask::GenerateDue { key } => house::found(action, *key, view),
        Ask::GiveBack(back) => house::found_budget(back, view),
        Ask::ErrandDone { .. } | Ask::Prune { .. } => Ok(house::found_site(action)),
        Ask::Invalid { .. } => {
            let target = Target::Principal(Arc::clone(here.caller.principal()));
            Ok((Found::Nothing, vec![Demand { action: Action::Unknown, target }]))
        }
        _ => Err(Fault::NotFound),
    }
}

/// What the request comes to, or what it wants of a holder.
pub(crate) fn step<'r>(
    request: &'r Request<'r>,
    supplies: &Supplies<'_>,
    policy: &policy::Policy,
) -> Result<Step<'r>, Fault> {
    match request.ask {
        Ask::Encrypt { .. } => encrypt::encrypt(request, supplies),
        Ask::Decrypt { .. } => decrypt::decrypt(request, supplies),
        Ask::ReEncrypt { .. } => re_encrypt::re_encrypt(request, supplies),
        Ask::GenerateDataKey { .. } => encrypt::data_key(request, supplies),
        Ask::GenerateRandom { .. } => encrypt::random(request),
        Ask::Sign { .. } => sign::sign(request, supplies),
        Ask::Verify { .. } => sign::verify(request, supplies),
        Ask::MacSign { .. } => mac::sign(request, supplies),
        Ask::MacVerify { .. } => mac::verify(request, supplies),
        Ask::DecryptAsymmetric { .. } => private::decrypt(request, supplies),
        Ask::EncryptRaw { .. } => raw::encrypt(request, supplies),
        Ask::DecryptRaw { .. } => raw::decrypt(request, supplies),
        Ask::Decapsulate { .. } => private::decapsulate(request, supplies),
        Ask::GetPublicKey { .. } => private::public(request, supplies),
        Ask::CreateKey(_) => keys::create(request, supplies),
        Ask::DescribeKey { .. } => keys::show(request, supplies),
        Ask::ListKeys { .. } => keys::list(request),
        Ask::ChangeLife { .. } => keys::change_life(request, supplies),
        Ask::DescribeKeyAs { .. } => keys::describe_as(request),
        Ask::SetFacts { .. } => keys::set_facts(request, supplies),
        Ask::Tag { .. } => keys::tag(request),
        Ask::Untag { .. } => keys::untag(request),
        Ask::ListTags { .. } => keys::list_tags(request),
        Ask::ListVersions { .. } => keys::list_versions(request, supplies),
        Ask::DescribeVersion { .. } => keys::show_version(request, supplies),
        Ask::CreateVersion { .. } => keys::create_version(request, supplies),
        Ask::UpdateKey { .. } => keys::update(request, supplies),
        Ask::SetRotation { .. } => keys::set_rotation(request, supplies),
        Ask::GetRotation { .. } => keys::get_rotation(request, supplies),
        Ask::Rotate { .. } => keys::rotate(request),
        Ask::CertifyDestruction { .. } => keys::certify(request),
        Ask::RevertEntry { .. } => keys::revert(request, supplies),
        Ask::CreateAlias { .. } => aliases::create(request, supplies),
        Ask::RetargetAlias { .. } => aliases::retarget(request, supplies),
        Ask::DeleteAlias { .. } => aliases::delete(request),
        Ask::ListAliases { .. } => aliases::list(request),
        Ask::GetDocument { .. } => documents::get(request),
        Ask::PutDocument { .. } => documents::put(request),
        Ask::ListDocuments { .. } => documents::list(request),
        Ask::GetBindings { .. } => bindings::get(request),
        Ask::SetBindings { .. } => bindings::set(request),
        Ask::TestPermissions { .. } => bindings::test(request, supplies, policy),
        Ask::Explain { .. } => documents::explain(request, policy, supplies.now),
        Ask::IssueTokenFor { .. } => tokens::issue_for(request, supplies, policy),
        _ => step_rings(request, supplies),
    }
}

fn step_rings<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    match request.ask {
        Ask::CreateRing { .. } => rings::create(request, supplies),
        Ask::DescribeRing { .. } => rings::show(request),
        Ask::ListRings { .. } => rings::list(request),
        Ask::ListKeysInRing { .. } => keys::list(request),
        Ask::ListLocations { .. } => rings::locations(request),
        Ask::DeleteKey { .. } => retire::key(request, supplies),
        Ask::DeleteVersion { .. } => retire::version(request, supplies),
        Ask::ListRetiredKeys { .. } => retire::list(request),
        Ask::DescribeRetiredKey { .. } => retire::show(request, supplies),
        Ask::CreateImportJob { .. } => import::create_job(request, supplies),
        Ask::DescribeImportJob { .. } => import::show_job(request, supplies),
        Ask::ListImportJobs { .. } => import::list_jobs(request),
        Ask::ImportVersion { .. } => import::import(request, supplies),
        _ => step_people(request, supplies),
    }
}

fn step_people<'r>(request: &'r Request<'r>, supplies: &Supplies<'_>) -> Result<Step<'r>, Fault> {
    match request.ask {
        Ask::WhoAmI | Ask::DescribePrincipal { .. } => people::show(request),
        Ask::CreateTenant { .. } => tenants::create(request, supplies),
        Ask::ListTenants => tenants::list(request),
        Ask::DescribeTenant { .. } => tenants::show(request),
        Ask::CreatePrincipal { .. } => people::create(request, supplies),
        Ask::ListPrincipals => people::list(request),
        Ask::RemovePrincipal { .. } => people::remove(request),
        Ask::SuspendPrincipal { .. }
        | Ask::AssignRole { .. }
        | Ask::WithdrawRole { .. }
        | Ask::PutIdentityDocument { .. }
        | Ask::RemoveIdentityDocument { .. } => people::change(request),
        Ask::CreateAccessKey { .. } => people::create_key(request),
        Ask::RegisterPublicKey { .. } => tokens::register(request, supplies),
        Ask::IssueToken { .. } => tokens::issue(request),
        Ask::SuspendAccessKey { .. } | Ask::RemoveAccessKey { .. } => people::change_key(request),
        Ask::PutForbid { .. } | Ask::RemoveForbid { .. } => tenants::change_forbids(request),
        Ask::ListForbids => tenants::forbids(request),
        Ask::ListEntries(_) => log::entries(request),
        Ask::ProveEntry { .. } => log::proof(request),
        Ask::GetCheckpoint => log::checkpoint_reply(request),
        Ask::GetStatus => log::status(request),
        Ask::GetSettings | Ask::SetSettings { .. } => tenants::settings(request),
        Ask::GetClock => times::show(request),
        Ask::AcceptClock { .. } => times::accept(request),
        Ask::RotateDue { .. } => house::rotate_due(request, supplies),
        Ask::DestroyDue { .. } => house::destroy_due(request, supplies),
        Ask::WipeExpired { .. } => house::wipe_expired(request, supplies),
        Ask::CloseWindows { .. } => house::close_windows(request, supplies),
        Ask::GenerateDue { .. } => house::generate_due(request, supplies),
        Ask::GiveBack(_) => house::give_back(request),
        Ask::ErrandDone { .. } => house::errand_done(request),
        Ask::Prune { .. } => house::prune(request),
        Ask::Invalid { fault, .. } => Err(fault.clone()),
        _ => Err(Fault::NotFound),
    }
}
