//! What the house is asked, as text.

use domain::Ask;
use secret::Secret;

fn veiled(secret: &Secret) -> String {
    secret.expose(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn fields(parts: &[(&str, String)]) -> String {
    parts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

macro_rules! told {
    ($name:literal $(, $part:ident)*) => { format!("{} {}", $name, fields(&[$((stringify!($part), format!("{:?}", $part))),*])) };
}

pub(crate) fn ask(ask: &Ask) -> String {
    match ask {
        Ask::CreateKey(create) => created(create),
        Ask::DescribeKey { key, at } => told!("DescribeKey", key, at),
        Ask::ListKeys { page } => told!("ListKeys", page),
        Ask::ChangeLife { key, change } => format!("ChangeLife key={key:?} {}", life(change)),
        Ask::CertifyDestruction { key } => told!("CertifyDestruction", key),
        Ask::RevertEntry { entry } => told!("RevertEntry", entry),
        Ask::DescribeKeyAs { key, description } => told!("DescribeKeyAs", key, description),
        Ask::SetFacts { key, owner, environment, data_class } => told!("SetFacts", key, owner, environment, data_class),
        Ask::UpdateKey { key, update } => told!("UpdateKey", key, update),
        Ask::Tag { key, tags } => told!("Tag", key, tags),
        Ask::Untag { key, names } => told!("Untag", key, names),
        Ask::ListTags { key } => told!("ListTags", key),
        Ask::ListVersions { key } => told!("ListVersions", key),
        Ask::CreateRing { ring } => told!("CreateRing", ring),
        Ask::DescribeRing { ring } => told!("DescribeRing", ring),
        Ask::ListRings { project } => told!("ListRings", project),
        Ask::ListLocations { project } => told!("ListLocations", project),
        Ask::CreateVersion { key } => told!("CreateVersion", key),
        Ask::DeleteKey { key } => told!("DeleteKey", key),
        Ask::DeleteVersion { key, version } => told!("DeleteVersion", key, version),
        Ask::ListRetiredKeys { project } => told!("ListRetiredKeys", project),
        Ask::DescribeRetiredKey { project, id } => told!("DescribeRetiredKey", project, id),
        Ask::CreateImportJob { ring, name, algorithm, scheme } => {
            told!("CreateImportJob", ring, name, algorithm, scheme)
        }
        Ask::DescribeImportJob { ring, name, .. } => told!("DescribeImportJob", ring, name),
        Ask::ListImportJobs { ring } => told!("ListImportJobs", ring),
        Ask::ImportVersion { key, version, algorithm, scheme, job, wrapped, .. } => {
            told!("ImportVersion", key, version, algorithm, scheme, job, wrapped)
        }
        Ask::DescribeVersion { key, version } => told!("DescribeVersion", key, version),
        Ask::SetRotation { key, rotation } => told!("SetRotation", key, rotation),
        Ask::GetRotation { key } => told!("GetRotation", key),
        Ask::Rotate { key } => told!("Rotate", key),
        Ask::CreateAlias { alias, key } => told!("CreateAlias", alias, key),
        Ask::RetargetAlias { alias, key } => told!("RetargetAlias", alias, key),
        Ask::DeleteAlias { alias } => told!("DeleteAlias", alias),
        Ask::ListAliases { key, page } => told!("ListAliases", key, page),
        other => used(other),
    }
}

fn created(create: &domain::CreateKey) -> String {
    let domain::CreateKey { ring, name, purpose, algorithm, scheme, origin, protection, authority, .. } = create;
    let domain::CreateKey { description, later, .. } = create;
    let domain::CreateKey { facts, document, bypass_lockout_check, rotation, window, token, .. } = create;
    let first = told!("CreateKey", ring, name, purpose, algorithm, scheme, origin, protection, authority, description);
    format!("{first}{}", told!("", facts, document, bypass_lockout_check, later, rotation, window, token))
}

fn life(change: &domain::LifeChange) -> String {
    use domain::LifeChange::*;
    match change {
        Suspend(scope) => told!("Suspend", scope),
        Resume(scope) => told!("Resume", scope),
        Enter(scope, state) => told!("Enter", scope, state),
        MakePrimary(version) => told!("MakePrimary", version),
        SetWindow(version, window) => told!("SetWindow", version, window),
        ScheduleDestruction { scope, days, resume_to } => told!("ScheduleDestruction", scope, days, resume_to),
        CancelDestruction(scope) => told!("CancelDestruction", scope),
        ScheduleVersionDestruction { .. } => panic!("nothing that this dialect asks"),
    }
}

fn signable(what: &domain::Signable) -> String {
    match what {
        domain::Signable::Message(message) => format!("message {}", veiled(message)),
        domain::Signable::Digest(hash, digest) => format!("{} {digest:?}", hash.name()),
        domain::Signable::Mu(mu) => format!("mu {mu:?}"),
    }
}

fn signed(ask: &Ask) -> String {
    match ask {
        Ask::Sign { key, version, scheme, what } => {
            let what = signable(what);
            told!("Sign", key, version, scheme, what)
        }
        Ask::Verify { key, version, scheme, what, signature } => {
            let what = signable(what);
            told!("Verify", key, version, scheme, what, signature)
        }
        Ask::MacSign { key, version, data } => {
            let data = veiled(data);
            told!("MacSign", key, version, data)
        }
        Ask::MacVerify { key, version, data, mac } => {
            let data = veiled(data);
            told!("MacVerify", key, version, data, mac)
        }
        Ask::DecryptAsymmetric { key, version, scheme, ciphertext } => {
            told!("DecryptAsymmetric", key, version, scheme, ciphertext)
        }
        Ask::EncryptRaw { key, version, scheme, plaintext, associated, iv } => {
            let plaintext = veiled(plaintext);
            told!("EncryptRaw", key, version, scheme, plaintext, associated, iv)
        }
        Ask::DecryptRaw { key, version, scheme, ciphertext, associated, iv } => {
            told!("DecryptRaw", key, version, scheme, ciphertext, associated, iv)
        }
        Ask::Decapsulate { key, version, ciphertext } => told!("Decapsulate", key, version, ciphertext),
        Ask::GetPublicKey { key, version, form } => told!("GetPublicKey", key, version, form),
        _ => panic!("nobody signs so"),
    }
}

fn used(ask: &Ask) -> String {
    match ask {
        Ask::Sign { .. }
        | Ask::Verify { .. }
        | Ask::MacSign { .. }
        | Ask::MacVerify { .. }
        | Ask::DecryptAsymmetric { .. }
        | Ask::EncryptRaw { .. }
        | Ask::DecryptRaw { .. }
        | Ask::Decapsulate { .. }
        | Ask::GetPublicKey { .. } => signed(ask),
        Ask::Encrypt { key, plaintext, context, dry, .. } => {
            let plaintext = veiled(plaintext);
            told!("Encrypt", key, plaintext, context, dry)
        }
        Ask::Decrypt { key, ciphertext, context, dry } => told!("Decrypt", key, ciphertext, context, dry),
        Ask::ReEncrypt { from, ciphertext, from_context, to, to_context, dry } => {
            told!("ReEncrypt", from, ciphertext, from_context, to, to_context, dry)
        }
        Ask::GenerateDataKey { key, bytes, context, plaintext, dry } => {
            told!("GenerateDataKey", key, bytes, context, plaintext, dry)
        }
        Ask::GenerateRandom { bytes, .. } => told!("GenerateRandom", bytes),
        Ask::GetDocument { key, regime, name } => told!("GetDocument", key, regime, name),
        Ask::PutDocument { key, regime, name, text, bypass_lockout_check } => {
            told!("PutDocument", key, regime, name, text, bypass_lockout_check)
        }
        Ask::ListDocuments { key, regime } => told!("ListDocuments", key, regime),
        Ask::Explain { principal, action, key, context } => told!("Explain", principal, action, key, context),
        other => people(other),
    }
}

fn people(ask: &Ask) -> String {
    match ask {
        Ask::WhoAmI => "WhoAmI".into(),
        Ask::CreateTenant { name, account, profile } => told!("CreateTenant", name, account, profile),
        Ask::ListTenants => "ListTenants".into(),
        Ask::DescribeTenant { name } => told!("DescribeTenant", name),
        Ask::CreatePrincipal { tenant, name, kind, roles } => told!("CreatePrincipal", tenant, name, kind, roles),
        Ask::ListPrincipals => "ListPrincipals".into(),
        Ask::DescribePrincipal { name } => told!("DescribePrincipal", name),
        Ask::RemovePrincipal { name } => told!("RemovePrincipal", name),
        Ask::SuspendPrincipal { name, suspended } => told!("SuspendPrincipal", name, suspended),
        Ask::AssignRole { principal, role, scope } => told!("AssignRole", principal, role, scope),
        Ask::WithdrawRole { principal, role, scope } => told!("WithdrawRole", principal, role, scope),
        Ask::CreateAccessKey { tenant, principal } => told!("CreateAccessKey", tenant, principal),
        Ask::SuspendAccessKey { id, suspended } => told!("SuspendAccessKey", id, suspended),
        Ask::RemoveAccessKey { id } => told!("RemoveAccessKey", id),
        Ask::RegisterPublicKey { tenant, principal, key, audience, outside } => {
            told!("RegisterPublicKey", tenant, principal, key, audience, outside)
        }
        Ask::GetBindings { on } => told!("GetBindings", on),
        Ask::SetBindings { on, text, tag } => told!("SetBindings", on, text, tag),
        Ask::TestPermissions { on, permissions } => told!("TestPermissions", on, permissions),
        Ask::IssueTokenFor { account, delegates, seconds } => told!("IssueTokenFor", account, delegates, seconds),
        Ask::IssueToken { seconds } => told!("IssueToken", seconds),
        Ask::PutIdentityDocument { principal, name, text } => told!("PutIdentityDocument", principal, name, text),
        Ask::RemoveIdentityDocument { principal, name } => told!("RemoveIdentityDocument", principal, name),
        Ask::PutForbid { name, text } => told!("PutForbid", name, text),
        Ask::RemoveForbid { name } => told!("RemoveForbid", name),
        Ask::ListForbids => "ListForbids".into(),
        Ask::ListEntries(query) => told!("ListEntries", query),
        Ask::ProveEntry { index } => told!("ProveEntry", index),
        Ask::GetCheckpoint => "GetCheckpoint".into(),
        Ask::GetStatus => "GetStatus".into(),
        Ask::GetSettings => "GetSettings".into(),
        Ask::SetSettings { retention_months, signature_window_seconds, universe } => {
            told!("SetSettings", retention_months, signature_window_seconds, universe)
        }
        Ask::GetClock => "GetClock".into(),
        Ask::AcceptClock { reason, passed } => told!("AcceptClock", reason, passed),
        _ => panic!("nobody asks this in the native tongue"),
    }
}
