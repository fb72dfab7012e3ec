//! A tongue without a vendor: `suspends k`. It translates, like every tongue, and remembers ciphertexts by name.

use crate::{sign, words};
use dialect::{Answer, Dialect, Echo, Heard, Wire};
use domain::{Ask, Moment, Refusal, Reply, RequestId, Tongue};
use identity::{Credential, sigv4};
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Default)]
pub(crate) struct Plain {
    /// What `as NAME` said.
    named: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Plain {
    fn ciphertext(&self, name: &str) -> Vec<u8> {
        self.named.lock().unwrap().get(name).cloned().unwrap_or_else(|| name.as_bytes().to_vec())
    }
}

impl Dialect for Plain {
    fn tongue(&self) -> Tongue {
        Tongue::Native
    }

    fn speaks(&self, _: &http::request::Parts) -> bool {
        true
    }

    fn read(&self, wire: &Wire, now: Moment) -> Result<Heard, Refusal> {
        let signed = sigv4::extract(&wire.head, &wire.body, sign::SERVICE)?;
        let place = signed.location.clone();
        let sentence = std::str::from_utf8(&wire.body).map_err(|_| Refusal::Unreadable { member: "sentence" })?;
        let (sentence, named) = match sentence.split_once(" as ") {
            Some((sentence, name)) => (sentence, Some(name.to_owned())),
            None => (sentence, None),
        };
        let ask: Ask = words::ask(sentence, &|name| self.ciphertext(name)).ok_or(Refusal::UnknownOperation)?;
        let mut echo = Echo::new(wire.id, "Sentence", domain::Action::Unknown, now);
        echo.more.extend(named.map(|name| ("as", name)));
        Ok(Heard { credential: Credential::SigV4(Box::new(signed)), place, ask, echo })
    }

    fn status(&self, _: &Echo, ending: domain::Ending<'_>) -> domain::WireStatus {
        match ending {
            domain::Ending::Refused(fault) => domain::WireStatus { number: 400, code: Some(fault.word()) },
            _ => domain::WireStatus::OK,
        }
    }

    fn write(&self, _: RequestId, echo: Option<&Echo>, answer: Answer) -> http::Response<Vec<u8>> {
        if let Answer::Recorded(Ok(reply)) = &answer {
            self.remember(echo, reply);
        }
        http::Response::new(words::answer(answer).into_bytes())
    }
}

impl Plain {
    fn remember(&self, echo: Option<&Echo>, reply: &Reply) {
        let name = echo.and_then(|echo| echo.more.first());
        let ciphertext = match reply {
            Reply::Ciphertext { ciphertext, .. }
            | Reply::Resealed { ciphertext, .. }
            | Reply::DataKey { ciphertext, .. }
            | Reply::Signature { signature: ciphertext, .. }
            | Reply::Mac { mac: ciphertext, .. } => ciphertext,
            _ => return,
        };
        if let Some((_, name)) = name {
            self.named.lock().unwrap().insert(name.clone(), ciphertext.clone());
        }
    }
}
