//! Every method of every service that Google has under this name, and what it answers here: nothing becomes unserved unseen.

use crate::method::METHODS;
use crate::proto::kms;
use crate::{Grpc, Rest};
use dialect::{Dialect, Heard, Wire};
use domain::{Action, Fault, Moment, ObjectId, Refusal, RequestId, Steady, Timestamp};
use prost::Message;

const VERSION: &str = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";

/// Services that the definitions here have not: their methods, and a path by which one of them is called.
const ABSENT: [(&str, &[&str], &str); 4] = [
    (
        "EkmService",
        &[
            "ListEkmConnections",
            "GetEkmConnection",
            "CreateEkmConnection",
            "UpdateEkmConnection",
            "GetEkmConfig",
            "UpdateEkmConfig",
            "VerifyConnectivity",
        ],
        "/v1/projects/p/locations/l/ekmConnections",
    ),
    ("Autokey", &["CreateKeyHandle", "GetKeyHandle", "ListKeyHandles"], "/v1/projects/p/locations/l/keyHandles"),
    (
        "AutokeyAdmin",
        &["UpdateAutokeyConfig", "GetAutokeyConfig", "ShowEffectiveAutokeyConfig"],
        "/v1/folders/1/autokeyConfig",
    ),
    (
        "HsmManagement",
        &[
            "ListSingleTenantHsmInstances",
            "GetSingleTenantHsmInstance",
            "CreateSingleTenantHsmInstance",
            "CreateSingleTenantHsmInstanceProposal",
            "ApproveSingleTenantHsmInstanceProposal",
            "ExecuteSingleTenantHsmInstanceProposal",
            "GetSingleTenantHsmInstanceProposal",
            "ListSingleTenantHsmInstanceProposals",
            "DeleteSingleTenantHsmInstanceProposal",
        ],
        "/v1/projects/p/locations/l/singleTenantHsmInstances",
    ),
];

fn heard(dialect: &dyn Dialect, verb: &str, path: &str, body: Vec<u8>) -> Result<Heard, Refusal> {
    let request = http::Request::builder().method(verb).uri(path).header("authorization", "Bearer a.b.c");
    let wire = Wire {
        id: RequestId(ObjectId([1; 16])),
        head: request.body(()).unwrap().into_parts().0,
        body: body.into(),
        source: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        secure: true,
    };
    dialect.read(&wire, Moment::undisputed(Timestamp(0), Steady(0)))
}

/// Of what is refused whatever is said: the code, and why.
fn refused(name: &str) -> String {
    let (key, name_of_key) = (VERSION.split_once("/cryptoKeyVersions").unwrap().0, name);
    let body = match name {
        "ImportTrustedKeyWrappedCryptoKeyVersion" => kms::ImportTrustedKeyWrappedCryptoKeyVersionRequest {
            parent: key.into(),
            importing_key: VERSION.into(),
            algorithm: kms::crypto_key_version::CryptoKeyVersionAlgorithm::HmacSha256.into(),
            wrapped_key: vec![1],
            ..Default::default()
        }
        .encode_to_vec(),
        _ => kms::ExportTrustedKeyWrappedCryptoKeyVersionRequest { name: VERSION.into(), wrapping_key: VERSION.into() }
            .encode_to_vec(),
    };
    let path = format!("/google.cloud.kms.v1.KeyManagementService/{name_of_key}");
    let heard = heard(&Grpc::new(), "POST", &path, body).ok().unwrap();
    let code = heard.echo.more.iter().find(|(what, _)| *what == "code").unwrap().1.clone();
    let domain::Ask::Invalid { fault: Fault::Invalid { constraint, .. }, .. } = heard.ask else { panic!("{name}") };
    format!("{code}: {constraint}")
}

#[test]
fn what_is_served_is_served_and_what_is_not_is_known() {
    let mut told = String::new();
    for method in METHODS.iter() {
        let path = format!("/{}/{}", method.service, method.name);
        let heard = heard(&Grpc::new(), "POST", &path, Vec::new());
        assert!(heard.is_ok_and(|heard| heard.echo.operation == method.name && heard.echo.place == method.place));
        let answer = if method.action == Action::Unknown { refused(method.name) } else { "served".to_owned() };
        told += &format!("{}.{} {answer}\n", method.service, method.name);
    }
    for (service, methods, rest) in ABSENT {
        for name in methods {
            let path = format!("/google.cloud.kms.v1.{service}/{name}");
            let refusal = heard(&Grpc::new(), "POST", &path, Vec::new()).err();
            assert_eq!(refusal, Some(Refusal::UnknownOperation), "{path}");
            told += &format!("google.cloud.kms.v1.{service}.{name} UNIMPLEMENTED\n");
        }
        assert_eq!(heard(&Rest::new(), "GET", rest, Vec::new()).err(), Some(Refusal::UnknownOperation), "{rest}");
    }
    assert!(told == include_str!("../tests/golden/served.txt"), "what is served has changed; put there:\n{told}");
}
