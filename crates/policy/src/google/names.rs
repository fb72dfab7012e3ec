//! What our actions and objects are called in Google's documents.

use crate::facts::Facts;
use domain::{Action, Ask, Purpose, Scheme, Target};
use identity::google;

/// What whoever wants to act as a service needs on it.
pub const ACT_AS: &str = "iam.serviceAccounts.getAccessToken";

/// The permissions that an action needs on its target, all of them; nothing where no binding gives it.
///
/// What Google cannot do to a key is judged as what Google can do that weighs as much. Permissions are asked of keys,
/// rings and projects, never of versions.
pub(crate) fn needed(action: Action, target: &Target) -> &'static [&'static str] {
    match target {
        Target::Key(key) if key.purpose == Purpose::Import => of_job(action),
        Target::Key(_) => of_key(action),
        Target::Place { ring: Some(_), .. } => of_ring(action),
        Target::Place { ring: None, .. } => of_project(action),
        Target::Principal(_) => of_service(action),
        _ => &[],
    }
}

fn of_key(action: Action) -> &'static [&'static str] {
    use Action::*;
    match action {
        DescribeKey | ListTags | GetRotation | ListAliases | CertifyDestruction => &["cloudkms.cryptoKeys.get"],
        ListVersions => &["cloudkms.cryptoKeyVersions.list"],
        DescribeVersion => &["cloudkms.cryptoKeyVersions.get"],
        CreateVersion | ImportVersion => &["cloudkms.cryptoKeyVersions.create"],
        DeleteVersion => &["cloudkms.cryptoKeyVersions.delete"],
        DeleteKey => &["cloudkms.cryptoKeys.delete"],
        SuspendKey | ResumeKey | ChangeState | SetWindow => &["cloudkms.cryptoKeyVersions.update"],
        ScheduleDestruction => &["cloudkms.cryptoKeyVersions.destroy"],
        CancelDestruction => &["cloudkms.cryptoKeyVersions.restore"],
        MakePrimary | SetDescription | SetFacts | TagKey | UntagKey | EnableRotation | DisableRotation
        | SetAlgorithm | SetAccessReasons | CreateAlias | RetargetAlias | DeleteAlias | RevertEntry => {
            &["cloudkms.cryptoKeys.update"]
        }
        RotateKey => &["cloudkms.cryptoKeyVersions.create", "cloudkms.cryptoKeys.update"],
        Encrypt | ReEncryptTo | GenerateDataKey | GenerateDataKeyWithoutPlaintext | EncryptRaw => {
            &["cloudkms.cryptoKeyVersions.useToEncrypt"]
        }
        Decrypt | ReEncryptFrom | DecryptAsymmetric | DecryptRaw => &["cloudkms.cryptoKeyVersions.useToDecrypt"],
        Sign | MacSign => &["cloudkms.cryptoKeyVersions.useToSign"],
        Verify | MacVerify => &["cloudkms.cryptoKeyVersions.useToVerify"],
        Decapsulate => &["cloudkms.cryptoKeyVersions.useToDecapsulate"],
        GetPublicKey => &["cloudkms.cryptoKeyVersions.viewPublicKey"],
        GetDocument | ListDocuments | Explain | GetBindings => &["cloudkms.cryptoKeys.getIamPolicy"],
        PutDocument | SetBindings => &["cloudkms.cryptoKeys.setIamPolicy"],
        _ => &[],
    }
}

fn of_job(action: Action) -> &'static [&'static str] {
    use Action::*;
    match action {
        DescribeImportJob => &["cloudkms.importJobs.get"],
        UseImportJob => &["cloudkms.importJobs.useToImport"],
        GetBindings => &["cloudkms.importJobs.getIamPolicy"],
        SetBindings => &["cloudkms.importJobs.setIamPolicy"],
        _ => &[],
    }
}

fn of_service(action: Action) -> &'static [&'static str] {
    use Action::*;
    match action {
        ImpersonatePrincipal => &[ACT_AS],
        GetBindings => &["iam.serviceAccounts.getIamPolicy"],
        SetBindings => &["iam.serviceAccounts.setIamPolicy"],
        _ => &[],
    }
}

fn of_ring(action: Action) -> &'static [&'static str] {
    use Action::*;
    match action {
        CreateKey => &["cloudkms.cryptoKeys.create"],
        TagKey => &["cloudkms.cryptoKeys.update"],
        ListKeys => &["cloudkms.cryptoKeys.list"],
        CreateImportJob => &["cloudkms.importJobs.create"],
        ListImportJobs => &["cloudkms.importJobs.list"],
        CreateRing => &["cloudkms.keyRings.create"],
        DescribeRing => &["cloudkms.keyRings.get"],
        GetBindings => &["cloudkms.keyRings.getIamPolicy"],
        SetBindings => &["cloudkms.keyRings.setIamPolicy"],
        _ => &[],
    }
}

fn of_project(action: Action) -> &'static [&'static str] {
    use Action::*;
    match action {
        CreateKey => &["cloudkms.cryptoKeys.create"],
        TagKey => &["cloudkms.cryptoKeys.update"],
        ListKeys => &["cloudkms.cryptoKeys.list"],
        ListAliases => &["cloudkms.cryptoKeys.list"],
        ListRings => &["cloudkms.keyRings.list"],
        ListRetiredKeys => &["cloudkms.retiredResources.list"],
        DescribeRetiredKey => &["cloudkms.retiredResources.get"],
        ListLocations => &["cloudkms.locations.list"],
        GenerateRandom => &["cloudkms.locations.generateRandomBytes"],
        GetBindings => &["resourcemanager.projects.getIamPolicy"],
        SetBindings => &["resourcemanager.projects.setIamPolicy"],
        _ => &[],
    }
}

/// What is needed beside where a key is made, or a version of it, of a mode in which mistakes are easily made.
pub(crate) fn expert(facts: &Facts<'_>) -> Option<&'static str> {
    let scheme = match (facts.action, facts.ask, facts.target) {
        (Action::CreateKey, Some(Ask::CreateKey(fresh)), _) => fresh.scheme,
        // A version may be brought for another mode than its key's.
        (Action::ImportVersion, Some(Ask::ImportVersion { scheme: Some(scheme), .. }), _) => Some(*scheme),
        (Action::SetAlgorithm, Some(Ask::UpdateKey { update, .. }), _) => update.make.and_then(|make| make.scheme),
        (Action::CreateVersion | Action::ImportVersion | Action::RotateKey, _, Target::Key(key)) => key.scheme,
        _ => None,
    };
    match scheme? {
        Scheme::AesCbc => Some("cloudkms.cryptoKeyVersions.manageRawAesCbcKeys"),
        Scheme::AesCtr => Some("cloudkms.cryptoKeyVersions.manageRawAesCtrKeys"),
        Scheme::RsaPkcs1Raw => Some("cloudkms.cryptoKeyVersions.manageRawPKCS1Keys"),
        _ => None,
    }
}

/// What asks for a permission on a target: the action that needs it and nothing else.
pub(crate) fn action_of(permission: &str, target: &Target) -> Option<Action> {
    Action::ALL.iter().copied().find(|action| needed(*action, target) == [permission])
}

/// `projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY`; a key without a name has its id for one.
pub(super) fn resource_name(facts: &Facts<'_>) -> String {
    let project = facts.owner.map_or("", |owner| owner.name.as_str());
    match facts.target {
        Target::Key(key) => {
            let name = key.name.clone().unwrap_or_else(|| key.id.to_string());
            let kind = if key.purpose == Purpose::Import { "importJobs" } else { "cryptoKeys" };
            format!("projects/{project}/locations/{}/keyRings/{}/{kind}/{name}", key.location.0, key.ring)
        }
        Target::Place { location, ring: Some(ring), .. } => {
            format!("projects/{project}/locations/{}/keyRings/{ring}", location.0)
        }
        Target::Place { location, .. } if !is_of_project(facts) => {
            format!("projects/{project}/locations/{}", location.0)
        }
        Target::Principal(service) => match facts.ask {
            Some(Ask::IssueTokenFor { account, delegates, .. }) => service_name(delegates.first().unwrap_or(account)),
            _ => service_name(&google::email(&service.name, project, None)),
        },
        _ => format!("projects/{project}"),
    }
}

/// By its address in whatever project.
fn service_name(account: &str) -> String {
    format!("projects/-/serviceAccounts/{account}")
}

/// What Google says of a service that is not there, and of one as which the caller may not act.
pub fn no_service(account: &str) -> String {
    denied_text(ACT_AS, &service_name(account))
}

fn denied_text(permission: &str, resource: &str) -> String {
    format!("Permission '{permission}' denied on resource '{resource}' (or it may not exist).")
}

pub(super) fn resource_type(facts: &Facts<'_>) -> &'static str {
    match facts.target {
        Target::Key(key) if key.purpose == Purpose::Import => "cloudkms.googleapis.com/ImportJob",
        Target::Key(_) => "cloudkms.googleapis.com/CryptoKey",
        Target::Place { ring: Some(_), .. } => "cloudkms.googleapis.com/KeyRing",
        Target::Principal(_) => "iam.googleapis.com/ServiceAccount",
        _ if is_of_project(facts) => "cloudresourcemanager.googleapis.com/Project",
        _ => "cloudkms.googleapis.com/Location",
    }
}

pub(super) fn resource_service(facts: &Facts<'_>) -> &'static str {
    resource_type(facts).split_once('/').map_or("", |(service, _)| service)
}

/// Whether the project itself is meant, and not a location in it.
fn is_of_project(facts: &Facts<'_>) -> bool {
    let place = matches!(facts.target, Target::Place { ring: None, .. });
    place && matches!(facts.action, Action::GetBindings | Action::SetBindings)
}

/// What Google says where nothing allows.
pub(crate) fn refused_text(facts: &Facts<'_>, missing: Option<&str>) -> String {
    denied_text(missing.unwrap_or("keyward"), &resource_name(facts))
}
