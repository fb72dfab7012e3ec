//! google.iam.credentials.v1.IAMCredentials: GenerateAccessToken.
//! (<https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken>)

use crate::input::{Notes, Objection, Trouble, message};
use crate::proto::credentials;
use crate::status::Noted;
use crate::time;
use domain::{Ask, Reply, SECOND, TOKEN_SECONDS_MAX, Timestamp};
use identity::google;
use prost::Message;

/// How long an address may be.
const ADDRESS_CHARS_MAX: usize = 320;
/// With what the name of a service account begins here: its address says in which project it is.
const ANY_PROJECT: &str = "projects/-/serviceAccounts/";

pub(crate) fn read(bytes: &[u8], notes: &mut Notes) -> Result<Ask, Trouble> {
    let input: credentials::GenerateAccessTokenRequest = message(bytes)?;
    notes.keep("name", input.name.as_str());
    let account = account(&input.name)?.to_owned();
    let delegates = input.delegates.iter().map(|name| account_in(name)).collect::<Result<_, _>>()?;
    // A token is not bound to scopes: what its account may do, it may do. One for something else is not given.
    if !input.scope.iter().any(|scope| google::reach_us(scope)) {
        return Err(Objection::invalid("The scope field is required, with a scope that this service knows.").into());
    }
    let seconds = match &input.lifetime {
        None => TOKEN_SECONDS_MAX,
        Some(lifetime) => time::read_seconds("lifetime", lifetime)?,
    };
    if !(1..=TOKEN_SECONDS_MAX).contains(&seconds) {
        return Err(Objection::invalid(format!("The lifetime must be between 1s and {TOKEN_SECONDS_MAX}s.")).into());
    }
    Ok(Ask::IssueTokenFor { account, delegates, seconds })
}

fn account_in(name: &str) -> Result<String, Objection> {
    account(name).map(str::to_owned)
}

/// The address in a name.
fn account(name: &str) -> Result<&str, Objection> {
    let account = name.strip_prefix(ANY_PROJECT).filter(|account| is_address(account));
    account.ok_or_else(|| Objection::invalid(format!("Resource name [{name}] does not match '{ANY_PROJECT}EMAIL'.")))
}

fn is_address(text: &str) -> bool {
    text.len() <= ADDRESS_CHARS_MAX
        && text.contains('@')
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
}

/// The account that a policy is about: in whatever project the name says that it is.
pub(crate) fn account_of(resource: &str) -> Option<&str> {
    let (project, account) = resource.strip_prefix("projects/")?.split_once("/serviceAccounts/")?;
    (!project.is_empty() && !project.contains('/') && is_address(account)).then_some(account)
}

pub(crate) fn write(_: &Noted<'_>, reply: &Reply) -> Option<Vec<u8>> {
    let Reply::Token { token, expires, .. } = reply else { return None };
    // Clients read whole seconds only.
    let expires = Timestamp(expires.0 - expires.0.rem_euclid(SECOND));
    let answer = token.expose(|token| credentials::GenerateAccessTokenResponse {
        access_token: String::from_utf8_lossy(token).into_owned(),
        expire_time: Some(time::written(expires)),
    });
    Some(answer.encode_to_vec())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;
    use domain::Location;
    use prost_types::Duration;

    fn asked(change: impl FnOnce(&mut credentials::GenerateAccessTokenRequest)) -> Result<Ask, Objection> {
        let mut input = credentials::GenerateAccessTokenRequest {
            name: "projects/-/serviceAccounts/a@p.iam.gserviceaccount.com".into(),
            scope: vec!["https://www.googleapis.com/auth/cloud-platform".into()],
            ..Default::default()
        };
        change(&mut input);
        let mut notes = Notes { place: Location("global".into()), more: Vec::new() };
        read(&input.encode_to_vec(), &mut notes).map_err(|trouble| match trouble {
            Trouble::Objection(objection) => objection,
            Trouble::Unreadable => Objection::invalid("unreadable"),
        })
    }

    #[test]
    fn what_is_asked_for_is_an_account_with_those_in_between_and_for_how_long() {
        let told = asked(|input| {
            input.delegates = vec!["projects/-/serviceAccounts/b@q.iam.gserviceaccount.com".into()];
            input.lifetime = Some(Duration { seconds: 300, nanos: 0 });
        });
        let Ok(Ask::IssueTokenFor { account, delegates, seconds }) = told else { panic!() };
        assert_eq!((account.as_str(), seconds), ("a@p.iam.gserviceaccount.com", 300));
        assert_eq!(delegates, ["b@q.iam.gserviceaccount.com"]);
        assert!(matches!(asked(|_| ()), Ok(Ask::IssueTokenFor { seconds: 3_600, .. })));
    }

    #[test]
    fn names_scopes_and_lifetimes_are_looked_at() {
        for name in
            ["", "projects/p/serviceAccounts/a@b", "projects/-/serviceAccounts/a", "projects/-/serviceAccounts/a@b/c"]
        {
            assert!(asked(|input| input.name = name.into()).is_err(), "{name}");
            assert!(asked(|input| input.delegates = vec![name.into()]).is_err(), "{name}");
        }
        for scope in [vec![], vec!["https://www.googleapis.com/auth/devstorage.read_only".to_owned()]] {
            assert!(asked(|input| input.scope = scope).is_err());
        }
        for seconds in [0, -1, 3_601, i64::MAX] {
            assert!(asked(|input| input.lifetime = Some(Duration { seconds, nanos: 0 })).is_err(), "{seconds}");
        }
    }

    #[test]
    fn a_policy_is_about_an_account_in_its_project() {
        assert_eq!(account_of("projects/p/serviceAccounts/a@b.c"), Some("a@b.c"));
        for bad in
            ["projects//serviceAccounts/a@b.c", "projects/p/serviceAccounts/a", "projects/p/q/serviceAccounts/a@b.c"]
        {
            assert_eq!(account_of(bad), None, "{bad}");
        }
    }
}
