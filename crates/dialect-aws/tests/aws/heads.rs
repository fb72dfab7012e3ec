//! Which requests are this dialect's, what their heads say, and STS.

use crate::fixtures::*;
use crate::golden::check;
use dialect::{Answer, Dialect};
use domain::*;
use keyward_dialect_aws::{Aws, Sts};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.1");
const DATE: (&str, &str) = ("x-amz-date", "20261125T095303Z");
const HOST: (&str, &str) = ("host", "127.0.0.1:8200");
const ACTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";

fn sts(headers: &[(&str, &str)], body: &str) -> Result<String, Refusal> {
    let signed = authorization("sts").replace(";x-amz-target", "");
    let mut all = vec![HOST, FORM, DATE, ("authorization", signed.as_str())];
    all.extend(headers);
    Sts::new().read(&wire(&all, body), moment()).map(|heard| crate::describe::ask(&heard.ask))
}

#[test]
fn heads_tell_whose_request_it_is() {
    let (kms, other) = (authorization("kms"), authorization("keyward"));
    let sts = authorization("sts");
    type Case<'c> = (&'c [(&'c str, &'c str)], bool, bool);
    let cases: &[Case<'_>] = &[
        (&[("x-amz-target", "TrentService.Encrypt")], true, false),
        (&[("x-amz-target", "secretsmanager.GetSecretValue"), JSON], false, false),
        (&[("authorization", &kms)], true, false),
        (&[("authorization", &sts)], true, true),
        (&[("authorization", &other)], false, false),
        (&[JSON], true, false),
        (&[FORM], true, true),
        (&[("content-type", "text/html")], false, false),
        (&[], false, false),
    ];
    for (headers, aws, sts) in cases {
        let head = wire(headers, "").head;
        assert_eq!((Aws::new().speaks(&head), Sts::new().speaks(&head)), (*aws, *sts), "{headers:?}");
    }
    assert_eq!((Aws::new().tongue(), Sts::new().tongue()), (Tongue::Aws, Tongue::Aws));
}

#[test]
fn a_head_may_be_refused_before_its_body_is_looked_at() {
    let refuse = |headers: &[(&str, &str)], method: &str| {
        let mut wire = wire(headers, "{");
        wire.head.method = method.parse().unwrap();
        Aws::new().read(&wire, moment()).map(|_| ()).unwrap_err()
    };
    let target = ("x-amz-target", "TrentService.ListKeys");
    assert_eq!(refuse(&[target, HOST, ("content-type", "text/plain")], "POST"), Refusal::NotFound);
    assert_eq!(refuse(&[target, HOST, JSON], "GET"), Refusal::NotFound);
    assert_eq!(refuse(&[HOST, JSON], "POST"), Refusal::UnknownOperation);
    assert_eq!(refuse(&[target, HOST, JSON], "POST"), Refusal::MissingCredential);
    let unknown = ("x-amz-target", "TrentService.Encipher");
    assert_eq!(refuse(&[unknown, HOST, JSON], "POST"), Refusal::UnknownOperation);
    let sts = authorization("sts");
    assert_eq!(
        refuse(&[target, HOST, JSON, DATE, ("authorization", &sts)], "POST"),
        Refusal::WrongScope { part: "service" }
    );
}

#[test]
fn sts_knows_one_operation() {
    assert_eq!(sts(&[], ACTION), Ok("who am i".into()));
    assert_eq!(sts(&[], "Version=2011-06-15&Action=GetCallerIdentity&X=1"), Ok("who am i".into()));
    assert_eq!(sts(&[], "Action=AssumeRole&Version=2011-06-15"), Err(Refusal::UnknownOperation));
    assert_eq!(sts(&[], "Action=GetCallerIdentity"), Err(Refusal::UnknownOperation));
    assert_eq!(sts(&[], ""), Err(Refusal::UnknownOperation));
    assert_eq!(sts(&[("authorization", "")], ACTION), Err(Refusal::MissingCredential));
    let kms = authorization("kms").replace(";x-amz-target", "");
    assert_eq!(sts(&[("authorization", &kms)], ACTION), Err(Refusal::WrongScope { part: "service" }));
}

#[test]
fn sts_names_the_caller() {
    let wire = {
        let signed = authorization("sts").replace(";x-amz-target", "");
        wire(&[HOST, FORM, DATE, ("authorization", &signed)], ACTION)
    };
    let aws = Aws::new();
    let heard = aws.read(&wire, moment()).map(|heard| heard.echo).unwrap();
    let mut seen = String::new();
    for kind in [PrincipalKind::Person, PrincipalKind::Service, PrincipalKind::Root] {
        let reply = Reply::Caller { principal: principal(kind), tenant: tenant() };
        seen.push_str(&spoken(&aws.write(request_id(), Some(&heard), Answer::Recorded(Ok(reply)))));
    }
    let denied = Fault::Denied { reason: "not <you> & yours".into() };
    for answer in
        [Answer::Recorded(Err(denied)), Answer::Recorded(Ok(Reply::Done)), Answer::Refused(Refusal::BadSignature)]
    {
        seen.push_str(&spoken(&aws.write(request_id(), Some(&heard), answer)));
    }
    check("sts.txt", &seen);
}

#[test]
fn answers_carry_their_request_and_are_not_stored() {
    let echo = read("GenerateRandom", r#"{"NumberOfBytes":1}"#).unwrap().echo;
    let response = Aws::new().write(request_id(), Some(&echo), Answer::Conflict);
    assert_eq!(response.headers()["x-amzn-requestid"], "77777777-7777-7777-7777-777777777777");
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[test]
fn the_echo_knows_the_operation_and_where_it_is() {
    let heard = read("Decrypt", r#"{"CiphertextBlob":"AQID"}"#).unwrap();
    assert_eq!((heard.echo.operation, heard.echo.action), ("Decrypt", Action::Decrypt));
    assert_eq!(heard.place, Location::parse(REGION).unwrap());
    assert_eq!(heard.echo.at, moment());
}
