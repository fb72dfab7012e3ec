//! A site with two tenants, and whoever tells.

use crate::plain::Plain;
use crate::store::Place;
use crate::{sign, store, words};
use bytes::Bytes;
use clock::{Clock, DAY, Timestamp};
use dialect::Wire;
use domain::{PrincipalKind, Profile, Role, Table};
use engine::{Colony, Newcomer};
use path::{FoundSite, Open, Path};
use secret::{Held, Secret};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// 2026-11-25T00:00:00Z: day 0 of every story.
pub(crate) const DAY_0: Timestamp = Timestamp(1_795_564_800_000);

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Answers that leave no entry of their own.
const UNRECORDED: [&str; 2] = ["refused: ", "unavailable: "];

pub(crate) struct World {
    /// Houses on one log; nearly always one.
    nodes: Vec<Path>,
    at: usize,
    clock: Clock,
    plain: Plain,
    broken: Arc<store::Switches>,
    place: Place,
}

fn root() -> crypto::SealKey {
    crypto::SealKey::new(Held::keep(&[7; 32]).ok().unwrap())
}

/// Their access key's secret half is their name; in stories only.
fn person(name: &str, trusted: bool) -> Newcomer {
    let roles = vec![Role::Administrator, Role::SecurityOfficer, Role::Auditor, Role::EncryptDecrypt];
    Newcomer {
        name: name.to_owned(),
        kind: PrincipalKind::Person,
        roles: if trusted { roles } else { Vec::new() },
        documents: if trusted { vec![("everything".into(), EVERYTHING.into())] } else { Vec::new() },
        chosen: Some((public(name), Secret::new(name.as_bytes().to_vec()))),
    }
}

fn public(name: &str) -> String {
    format!("KEYOF{:0>15}", name.to_uppercase())
}

fn site() -> FoundSite {
    let colony = |name: &str, account: &str, profile, people| Colony {
        name: name.into(),
        account: account.into(),
        profile,
        people,
    };
    let acme = vec![person("alice", true), person("bob", false)];
    let clinic = vec![person("carol", true)];
    FoundSite {
        origin: "stories.example/log".into(),
        recovery: None,
        administrator: person("admin", true),
        colonies: vec![
            colony("acme", "111122223333", Profile::Default, acme),
            colony("clinic", "444455556666", Profile::Hipaa, clinic),
        ],
    }
}

impl World {
    pub(crate) async fn found(place: Place) -> Self {
        let (clock, broken) = (Clock::manual(DAY_0), Arc::<store::Switches>::default());
        let path = Path::sealed(clock.clone());
        let store = store::breakable(place.create(), &broken);
        path.found(Open { store, root: (&root()).into(), anchors: Vec::new() }, site()).await.unwrap();
        await_lead(&path);
        Self { nodes: vec![path], at: 0, clock, plain: Plain::default(), broken, place }
    }

    fn path(&self) -> &Path {
        &self.nodes[self.at]
    }

    /// The node that is asked from here on; the next number is a fresh one on the same log.
    fn go_to(&mut self, node: usize) {
        if node > self.nodes.len() {
            self.nodes.push(self.opened());
        }
        self.at = node - 1;
    }

    fn opened(&self) -> Path {
        let path = Path::sealed(self.clock.clone());
        let store = store::breakable(self.place.open(), &self.broken);
        path.open(Open { store, root: (&root()).into(), anchors: Vec::new() }).unwrap();
        path
    }

    /// What a line comes to: something happens, or people ask, those on one line at the same time.
    pub(crate) async fn tell(&mut self, line: &str) -> String {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["days", days] => self.clock.advance(days.parse::<i64>().unwrap() * DAY),
            ["wall", "ahead", days] => self.clock.set_ahead(days.parse::<i64>().unwrap() * DAY),
            ["wall", "back", days] => self.clock.set_ahead(-days.parse::<i64>().unwrap() * DAY),
            ["kernel", "is", "synchronised"] => self.clock.set_synchronised(true),
            ["clock"] => {
                self.path().watch_clock();
                return self.path().clock_reading().text();
            }
            ["minutes", minutes] => self.clock.advance(minutes.parse::<i64>().unwrap() * 60_000),
            ["pruning", state] => self.broken.pruning.store(state == "breaks", Ordering::SeqCst),
            ["store", "loses", "its", "answer"] => self.broken.answer.store(true, Ordering::SeqCst),
            ["store", "goes", "on", "elsewhere", "without", "it"] => {
                self.broken.elsewhere.store(true, Ordering::SeqCst);
                self.broken.answer.store(true, Ordering::SeqCst);
            }
            ["store", "confirms", what] => self.broken.commits.store(what == "nothing", Ordering::SeqCst),
            ["store", state] => return self.set_store(state).await,
            ["due"] => {
                let done = self.path().do_due().await;
                self.path().run_errands().await;
                return done.map_or_else(|fault| fault.to_string(), |done| format!("{done} done"));
            }
            ["retention"] => return self.keep_retention().await,
            ["log"] => return self.verify_log(),
            ["refusals", "recorded"] => self.path().record_refusals().await,
            ["node", node] => self.go_to(node.parse().unwrap()),
            ["house", "sleeps"] => self.sleep(),
            ["awaited", "keys", "are", "made"] => {
                let made = self.path().generate_due().await;
                return made.map_or_else(|fault| fault.to_string(), |made| format!("{made} made"));
            }
            ["house", "walks"] => return self.walk_all(),
            ["thief", ref deed @ ..] => return self.place.steal(deed),
            ["house", "sleeps", days, "days", ref how @ ..] => {
                self.restart_machine(days.parse().unwrap(), how == ["synchronised"]);
            }
            ["house", "ends"] => {
                self.path().give_back().await;
                self.sleep();
            }
            ["material", "rows"] => return self.material_rows(),
            _ => return self.ask_together(line).await,
        }
        String::new()
    }

    async fn set_store(&mut self, state: &str) -> String {
        self.broken.all.store(state == "breaks", Ordering::SeqCst);
        // It serves again only after it was reopened and verified, which is tried again and again.
        for _ in 0..200 {
            if state == "breaks" || self.path().standing() == path::Standing::Ready {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        String::new()
    }

    /// The store is whole again while somebody asks all the time. Whether the house takes note of it.
    pub(crate) async fn mends_while(&self, sentence: &str) -> bool {
        self.broken.all.store(false, Ordering::SeqCst);
        for _ in 0..200 {
            self.ask(sentence).await;
            if self.path().standing() == path::Standing::Ready {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        false
    }

    /// The house is closed and opened again: what it knew by heart is gone.
    fn sleep(&mut self) {
        let at = self.at;
        self.nodes[at] = Path::sealed(self.clock.clone());
        self.nodes[at] = self.opened();
        if self.nodes.len() == 1 {
            await_lead(&self.nodes[at]);
        }
    }

    /// The house is closed, and opened on a machine whose wall clock moved on so far and whose boot clock began anew.
    fn restart_machine(&mut self, days: i64, synchronised: bool) {
        self.clock = Clock::manual(self.clock.now().wall.plus(days * DAY));
        self.clock.set_synchronised(synchronised);
        self.sleep();
    }

    /// The house looks at what it need not keep, once the projections know all that there is.
    async fn keep_retention(&mut self) -> String {
        for _ in 0..200 {
            let counts = self.path().counts();
            if counts.projections.iter().all(|(_, upto)| *upto == counts.entries) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        self.path().keep_retention().await.map_or_else(|fault| fault.to_string(), |()| String::new())
    }

    /// What somebody finds who checks everything from the bytes up, with the root key.
    pub(crate) fn verify_log(&self) -> String {
        let store = self.place.read();
        let site = ledger::Inspector::open(&*store.reader, &root()).unwrap();
        let how = ledger::Verification {
            origin: "stories.example/log".into(),
            verifier: Some(site.verifier()),
            mac: Some(&|batch| site.mac(batch)),
            projections: Some(&*store.projections),
        };
        let report = ledger::verify_store(&*store.reader, &how, &mut |_, _| ());
        let kept = report.size - report.pruned;
        match report.findings.as_slice() {
            [] => format!("sound, {kept} of {} entries are kept", report.size),
            found => {
                let mut found: Vec<_> = found.iter().map(|found| words::without_ids(&found.to_string())).collect();
                found.sort();
                found.join("; ")
            }
        }
    }

    /// The house looks at all rows, and counts those that are damaged.
    fn walk_all(&self) -> String {
        let (before, path) = (self.path().counts(), self.path());
        path.walk_every(std::time::Duration::ZERO);
        while path.counts().walks == before.walks {
            path.walk().unwrap();
        }
        format!("{} damaged", path.counts().damages - before.damages)
    }

    /// How many rows of material are on disk.
    fn material_rows(&self) -> String {
        let rows = self.place.read().reader.rows(Table::Material, ledger::Scope::All, None, 1_000).unwrap();
        rows.len().to_string()
    }

    /// What one is answered, whatever became of it.
    pub(crate) async fn ask(&self, sentence: &str) -> String {
        let answered = self.path().answer(&self.plain, &self.wire(sentence)).await;
        String::from_utf8(answered.response.into_body()).unwrap()
    }

    /// How far the node knows the log.
    pub(crate) fn entries(&self) -> u64 {
        self.path().counts().entries
    }

    /// What is said of a house that is ready all the same.
    pub(crate) fn caveat(&self) -> Option<String> {
        self.path().caveat()
    }

    async fn ask_together(&mut self, line: &str) -> String {
        let before = self.path().counts().entries;
        let wires: Vec<Wire> = line.split(" + ").map(|sentence| self.wire(sentence)).collect();
        let mut answers = Vec::new();
        let (path, plain) = (self.path(), &self.plain);
        for answered in together(wires.iter().map(|wire| path.answer(plain, wire)).collect()).await {
            answers.push(String::from_utf8(answered.response.into_body()).unwrap());
        }
        let entries = self.path().counts().entries - before;
        let recorded = answers.iter().filter(|answer| !UNRECORDED.iter().any(|word| answer.starts_with(word))).count();
        // What other nodes wrote is counted too.
        let recorded = if self.nodes.len() == 1 { recorded } else { usize::try_from(entries).unwrap() };
        assert_eq!(entries, u64::try_from(recorded).unwrap(), "one entry for each answer: {line}: {answers:?}");
        answers.join(" + ")
    }

    /// `alice encrypts k`. Mallory has no access key; eve signs as alice, with a secret of her own.
    fn wire(&self, sentence: &str) -> Wire {
        let (who, said) = sentence.split_once(' ').unwrap();
        let (id, secret) = if who == "eve" { (public("alice"), "eve") } else { (public(who), who) };
        let head = sign::signed(&id, secret, said, self.clock.now().wall);
        let body = Bytes::copy_from_slice(said.as_bytes());
        Wire { id: self.path().fresh_id(), head, body, source: "192.0.2.7".parse().unwrap(), secure: true }
    }
}

/// A node that is alone does what is due, once it has found out that it is.
fn await_lead(path: &Path) {
    let leads = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        path.leads()
    });
    assert!(leads, "nobody leads");
}

/// Begins all before any of them ends, in their order.
pub(crate) async fn together<F: Future>(all: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = all.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in waiting.iter_mut().filter(|(_, output)| output.is_none()) {
            if let std::task::Poll::Ready(done) = future.as_mut().poll(context) {
                *output = Some(done);
            }
        }
        let done = waiting.iter().all(|(_, output)| output.is_some());
        if done { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}
