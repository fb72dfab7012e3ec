//! How Google's clients call principals, and whom they mean to speak to.

use domain::{Principal, Tenant};

/// In whose names e-mail addresses of service accounts end where a site has no universe of its own.
const CANONICAL_ACCOUNTS: &str = "gserviceaccount.com";
/// In whose names the hosts of services end.
const CANONICAL_HOSTS: &str = "googleapis.com";
/// What stands between a project and the domain.
const IAM: &str = ".iam.";

/// Services that tokens may be meant for.
const SERVICES: [&str; 1] = ["cloudkms"];
/// Where assertions become tokens.
const TOKEN_HOST: &str = "oauth2";
const TOKEN_PATH: &str = "/token";

/// Scopes that reach us, each alone.
const SCOPES: [&str; 3] = [
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/cloudkms",
    // By which clients act as others.
    "https://www.googleapis.com/auth/iam",
];

/// `NAME@TENANT.iam.DOMAIN`: what a principal is called. `universe` is the site's own domain.
pub fn email(name: &str, tenant: &str, universe: Option<&str>) -> String {
    format!("{name}@{tenant}{IAM}{}", universe.unwrap_or(CANONICAL_ACCOUNTS))
}

/// The pool that identities of issuers elsewhere are in.
pub const POOL: &str = "keyward";

/// The name and the tenant, or its account, that an address of a service speaks of; nothing where it is of elsewhere.
pub fn parted_email<'a>(address: &'a str, universe: Option<&str>) -> Option<(&'a str, &'a str)> {
    let (name, home) = address.split_once('@')?;
    let (tenant, domain) = home.split_once(IAM)?;
    let ours = domain == CANONICAL_ACCOUNTS || Some(domain) == universe;
    (ours && !name.is_empty() && !tenant.is_empty()).then_some((name, tenant))
}

/// Whether a name of identities, without its kind, is of our pool: in which project, and what follows the pool.
pub fn in_pool(text: &str) -> Option<(&str, &str, &str)> {
    let (domain, rest) = text.strip_prefix("//iam.")?.split_once("/projects/")?;
    let (project, rest) = rest.split_once("/locations/global/workloadIdentityPools/")?;
    let rest = rest.strip_prefix(POOL)?.strip_prefix('/')?;
    (!project.contains('/')).then_some((domain, project, rest))
}

/// Whether names of identities that end in this domain are ours.
pub fn is_domain(domain: &str, universe: Option<&str>) -> bool {
    domain == CANONICAL_HOSTS || Some(domain) == universe
}

/// Whether an address is the principal's: by its tenant's name or account, in the site's domain or Google's.
pub fn is_email_of(address: &str, principal: &Principal, tenant: &Tenant, universe: Option<&str>) -> bool {
    let Some(home) = address.strip_prefix(principal.name.as_str()).and_then(|rest| rest.strip_prefix('@')) else {
        return false;
    };
    let after = |tenant: &str| home.strip_prefix(tenant)?.strip_prefix(IAM);
    let domain = after(&tenant.name).or_else(|| after(&tenant.account));
    domain.is_some_and(|domain| domain == CANONICAL_ACCOUNTS || Some(domain) == universe)
}

/// Whether a token that names this audience is meant for a service of ours. `own` is the URL of our token endpoint.
pub(crate) fn means_us(audience: &str, own: Option<&str>, universe: Option<&str>) -> bool {
    let Some((host, _)) = parted(audience) else { return false };
    SERVICES.iter().any(|service| is_host_of(host, service, universe))
        || own.and_then(parted).is_some_and(|(own, _)| own == host)
}

/// Whether an assertion that names this audience is meant for our token endpoint.
pub(crate) fn means_token_endpoint(audience: &str, own: Option<&str>, universe: Option<&str>) -> bool {
    let canonical = |(host, path): (&str, &str)| path == TOKEN_PATH && is_host_of(host, TOKEN_HOST, universe);
    parted(audience).is_some_and(canonical) || own == Some(audience)
}

/// Whether one of the scopes, parted by spaces, reaches us.
pub fn reach_us(scopes: &str) -> bool {
    scopes.split(' ').any(|scope| SCOPES.contains(&scope))
}

fn is_host_of(host: &str, service: &str, universe: Option<&str>) -> bool {
    let domain = host.strip_prefix(service).and_then(|rest| rest.strip_prefix('.'));
    domain.is_some_and(|domain| is_domain(domain, universe))
}

/// Host with port, and path with its slash; nothing where it is no URL of TLS.
fn parted(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (!host.is_empty() && !host.contains('@')).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_are_ours_or_not() {
        let (own, universe) = (Some("https://127.0.0.1:8200/token"), Some("kms.example"));
        let calls = [
            ("https://cloudkms.googleapis.com/", true),
            ("https://cloudkms.googleapis.com", true),
            ("https://cloudkms.googleapis.com/google.cloud.kms.v1.KeyManagementService", true),
            ("https://cloudkms.kms.example/", true),
            ("https://127.0.0.1:8200/", true),
            ("https://127.0.0.1:8201/", false),
            ("http://cloudkms.googleapis.com/", false),
            ("https://cloudkms.googleapis.com.evil.example/", false),
            ("https://cloudkms.googleapis.com@evil.example/", false),
            ("https://storage.googleapis.com/", false),
            ("https://oauth2.googleapis.com/token", false),
            ("", false),
        ];
        for (audience, expected) in calls {
            assert_eq!(means_us(audience, own, universe), expected, "{audience}");
        }
        let assertions = [
            ("https://oauth2.googleapis.com/token", true),
            ("https://oauth2.kms.example/token", true),
            ("https://127.0.0.1:8200/token", true),
            ("https://127.0.0.1:8200/", false),
            ("https://cloudkms.googleapis.com/", false),
            ("https://oauth2.googleapis.com/", false),
        ];
        for (audience, expected) in assertions {
            assert_eq!(means_token_endpoint(audience, own, universe), expected, "{audience}");
        }
        assert!(!means_us("https://cloudkms.kms.example/", None, None));
    }

    #[test]
    fn one_scope_is_enough() {
        assert!(reach_us("openid https://www.googleapis.com/auth/cloud-platform"));
        assert!(!reach_us("https://www.googleapis.com/auth/cloud-platform.read-only"));
        assert!(!reach_us(""));
    }

    #[test]
    fn addresses_and_identities_are_ours_or_not() {
        let universe = Some("kms.example");
        assert_eq!(parted_email("a@p.iam.gserviceaccount.com", universe), Some(("a", "p")));
        assert_eq!(parted_email("a@p.iam.kms.example", universe), Some(("a", "p")));
        for other in ["a@p.iam.evil.example", "@p.iam.kms.example", "a@.iam.kms.example", "a", "a@p", "a@p.iam."] {
            assert_eq!(parted_email(other, universe), None, "{other}");
        }
        let pool = "//iam.googleapis.com/projects/p/locations/global/workloadIdentityPools/keyward/subject/s/t";
        assert_eq!(in_pool(pool), Some(("googleapis.com", "p", "subject/s/t")));
        for other in
            ["/iam.googleapis.com", "//iam.googleapis.com/projects/p/locations/global/workloadIdentityPools/other/*"]
        {
            assert_eq!(in_pool(other), None, "{other}");
        }
    }
}
