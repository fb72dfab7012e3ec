//! One door.

use crate::aws::{self, Asked, Papers, Side};
use crate::facts::{Facts, context_of, owner_of, ring_of};
use crate::library::{Holder, KeyPapers, Library};
use crate::memory::{Memory, Rows};
use crate::native::{self, Question};
use crate::{Deciding, Decision, Denial, Permit, google};
use domain::{
    AccessReason, Action, ActionClass, Authority, Context, Demand, Explanation, Key, Keyring, Location, Moment,
    Principal, Request, Settings, Target, Tenant, TenantKind,
};
use identity::{Caller, Proof};
use std::cell::OnceCell;
use std::sync::Arc;

/// Compiled documents and remembered decisions. One in a house, shared by all threads.
pub struct Policy {
    library: Library,
    memory: Memory,
}

/// What decided that one demand is allowed, or why it is not.
pub(crate) type Verdict = Result<Option<Arc<str>>, Denial>;

/// A verdict on one demand, as it comes out of the documents.
struct Judged {
    verdict: Verdict,
    /// Whether the same caller's next request for the same might be judged differently.
    varied: bool,
}

impl Policy {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self { library: Library::new(), memory: Memory::new() }
    }

    /// Judges all demands of the request at once: one permit covers all of them, or there is none. A request that
    /// demands nothing is denied.
    pub fn authorize<'r>(
        &self,
        caller: &Caller,
        request: &'r Request<'r>,
        settings: &Arc<Settings>,
        now: Moment,
    ) -> Decision<'r> {
        let (mut statement, mut silent): (Option<Arc<str>>, Option<Denial>) = (None, None);
        for demand in &request.demands {
            match self.demand(caller, request, demand, settings, now) {
                Ok(deciding) => statement = statement.or(deciding),
                Err(denial) if denial.explicit => return Decision::Denied(denial),
                Err(denial) => silent = silent.or(Some(denial)),
            }
        }
        match silent {
            Some(denial) => Decision::Denied(denial),
            None if request.demands.is_empty() => Decision::Denied(nothing_demanded(caller)),
            None => Decision::Permit(Permit::new(caller.clone(), request, Deciding { statement })),
        }
    }

    fn demand(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        demand: &Demand,
        settings: &Arc<Settings>,
        now: Moment,
    ) -> Verdict {
        if let Some(verdict) = by_class(caller, demand) {
            return verdict;
        }
        let owner = owner_of(&demand.target, caller.tenant(), &request.found);
        let ring = ring_of(&demand.target, &request.rings);
        let rows = match (&demand.target, owner) {
            (Target::Key(key), Some(owner)) => {
                Some(Rows { principal: caller.principal(), tenant: caller.tenant(), key, owner, ring, settings })
            }
            _ => None,
        };
        if let Some(verdict) = rows.and_then(|rows| self.memory.recall(rows, demand.action)) {
            return verdict;
        }
        let facts = Facts {
            principal: caller.principal(),
            tenant: caller.tenant(),
            source: Some(caller.source()),
            action: demand.action,
            target: &demand.target,
            owner,
            ring,
            place: &request.place,
            context: context_of(request, demand.action),
            ask: Some(request.ask),
            found: Some(&request.found),
            subject: caller.outside().map(|outside| outside.subject.as_str()),
            tongue: request.tongue.name(),
            now,
        };
        let judged = self.judge(&facts, settings);
        if let (Some(rows), false) = (rows, judged.varied) {
            self.memory.keep(rows, demand.action, judged.verdict.clone());
        }
        judged.verdict
    }

    /// Says whether somebody may do something to a key, and which statement decides. Nothing is remembered.
    #[expect(clippy::too_many_arguments, reason = "a question has many parts")]
    pub fn explain(
        &self,
        who: (&Arc<Principal>, &Arc<Tenant>),
        action: Action,
        key: &Arc<Key>,
        owner: &Arc<Tenant>,
        rings: &[Arc<Keyring>],
        context: &Context,
        settings: &Arc<Settings>,
        now: Moment,
    ) -> Explanation {
        let target = Target::Key(Arc::clone(key));
        let facts = Facts {
            principal: who.0,
            tenant: who.1,
            source: None,
            action,
            target: &target,
            owner: Some(owner),
            ring: ring_of(&target, rings),
            place: &key.location,
            context: Some(context),
            ask: None,
            found: None,
            subject: None,
            tongue: key.authority.name(),
            now,
        };
        explained(&facts, key, self.judge(&facts, settings).verdict)
    }

    /// Which of these permissions of Google's regime somebody has on a target. Nothing is remembered.
    pub fn held(&self, question: &Held<'_>, permissions: &[String]) -> Vec<String> {
        let holds = |permission: &&String| {
            let action = google::action_of(permission, question.target);
            let facts = question.facts(action.unwrap_or(Action::Unknown));
            match action {
                Some(_) => self.judge(&facts, question.settings).verdict.is_ok(),
                None if question.target.authority() == Authority::GoogleIam => {
                    let papers = self.bindings(&facts);
                    let universe = question.settings.universe.as_deref();
                    let asked = std::iter::once(permission.as_str());
                    google::allowed(&facts, papers.lent(), asked, universe, &mut false).is_ok()
                }
                None => false,
            }
        };
        permissions.iter().filter(holds).cloned().collect()
    }

    /// The bindings that have a say about a target.
    fn bindings(&self, facts: &Facts<'_>) -> Bound {
        let key = facts.key().zip(facts.owner).map(|(key, owner)| self.library.key(key, &owner.account));
        let service = match facts.target {
            Target::Principal(principal) => self.library.service(principal),
            _ => None,
        };
        Bound {
            service,
            key: key.and_then(|papers| papers.bindings.clone()),
            ring: facts.ring.and_then(|ring| self.library.ring(ring)),
            project: facts.owner.and_then(|owner| self.library.project(owner)),
        }
    }

    /// What bindings allow, and the roles that the house gives, which stand above them.
    fn bound(
        &self,
        facts: &Facts<'_>,
        settings: &Settings,
        question: &OnceCell<Option<Question>>,
        varied: &mut bool,
    ) -> Verdict {
        let needed = google::needed(facts.action, facts.target).iter().copied().chain(google::expert(facts));
        let (papers, universe) = (self.bindings(facts), settings.universe.as_deref());
        match google::allowed(facts, papers.lent(), needed, universe, varied) {
            Ok(statement) => Ok(Some(statement.into())),
            Err(missing) => {
                by_role(facts, question).map_err(|_| denial(facts, google::refused_text(facts, missing), None, false))
            }
        }
    }

    /// Asks every document that has a say: first those that forbid, whatever their regime, then those of the
    /// target's authority, which alone can allow.
    fn judge(&self, facts: &Facts<'_>, settings: &Arc<Settings>) -> Judged {
        let mut varied = false;
        let verdict = self.verdict(facts, settings, &mut varied);
        Judged { verdict, varied }
    }

    fn verdict(&self, facts: &Facts<'_>, settings: &Arc<Settings>, varied: &mut bool) -> Verdict {
        let is_keys = is_keys(facts.target) || facts.action == Action::ImpersonatePrincipal;
        if facts.tenant.kind == TenantKind::Site && is_keys {
            let reason = "the site's own tenant has no keys, and its principals neither use nor read those of others";
            return Err(denial(facts, reason.into(), None, true));
        }
        if !native::applies(facts.action, facts.target) {
            return Err(denial(facts, format!("{}: it is not done to such things", refused(facts)), None, false));
        }
        let holder = self.library.holder(facts.principal, &facts.tenant.account);
        let papers = facts.key().zip(facts.owner).map(|(key, owner)| self.library.key(key, &owner.account));
        if let Some(why) = unreadable(&holder, papers.as_deref()) {
            return Err(denial(facts, why, None, true));
        }
        let resource = aws::resource(facts, papers.as_ref().map(|papers| &*papers.arn));
        let asked = Asked { facts: *facts, arn: &holder.arn, resource: aws::Resource::new(&resource) };
        let papers = Papers {
            key: papers.as_ref().map_or(&[], |papers| papers.documents.as_slice()),
            allowing: papers.as_ref().and_then(|papers| papers.allowing.as_deref()),
            identity: &holder.documents,
        };
        if let Some(deny) = aws::denied(&asked, &papers, varied) {
            let reason = explicit_reason(&asked, deny.side, &deny.statement);
            return Err(denial(facts, reason, Some(deny.statement.into()), true));
        }
        let question = OnceCell::new();
        if let Some(statement) = self.forbidden(facts, settings, &question, varied) {
            let reason = explicit_reason(&asked, Side::Forbid, &statement);
            return Err(denial(facts, reason, Some(statement.into()), true));
        }
        if let Some(reason) = without_reason(facts) {
            return Err(denial(facts, reason, None, true));
        }
        match facts.target.authority() {
            Authority::Aws => match aws::allowed(&asked, &papers, varied) {
                Ok(statement) => Ok(Some(statement.into())),
                Err(side) => Err(denial(facts, aws::silence_text(&asked, side), None, false)),
            },
            // Who may act as a service is said by bindings, whatever the tongue.
            Authority::Native if is_of_service(facts) => self.bound(facts, settings, &question, varied),
            Authority::Native => by_role(facts, &question),
            Authority::GoogleIam => self.bound(facts, settings, &question, varied),
            other => Err(denial(
                facts,
                format!("{}: no document of {} allows it", refused(facts), other.name()),
                None,
                false,
            )),
        }
    }

    /// The native forbid that applies: of the caller's tenant, of the owner's, or of the site.
    fn forbidden(
        &self,
        facts: &Facts<'_>,
        settings: &Arc<Settings>,
        question: &OnceCell<Option<Question>>,
        varied: &mut bool,
    ) -> Option<String> {
        let mut ask = |forbids: &native::Forbids, whose: &str| {
            *varied |= forbids.varies;
            if let Some(why) = &forbids.unreadable {
                return Some(why.clone());
            }
            forbids.first(facts, question).map(|name| format!("forbid `{name}` of {whose}"))
        };
        let owner = facts.owner.filter(|owner| owner.id != facts.tenant.id);
        let home = self.library.tenant(facts.tenant).and_then(|forbids| ask(&forbids.1, "the tenant"));
        home.or_else(|| ask(&self.library.tenant(owner?)?.1, "the owner's tenant"))
            .or_else(|| ask(&self.library.site(settings)?.1, "the site"))
    }
}

/// Bindings of a service, or of a key and its ring; and of the project.
struct Bound {
    service: Option<Arc<google::Bindings>>,
    key: Option<Arc<google::Bindings>>,
    ring: Option<Arc<google::Bindings>>,
    project: Option<Arc<google::Bindings>>,
}

impl Bound {
    fn lent(&self) -> google::Papers<'_> {
        let Self { service, key, ring, project } = self;
        let service = service.as_deref();
        google::Papers { service, key: key.as_deref(), ring: ring.as_deref(), project: project.as_deref() }
    }
}

/// Whose permissions on what are asked for.
pub struct Held<'a> {
    pub principal: &'a Arc<Principal>,
    pub tenant: &'a Arc<Tenant>,
    pub target: &'a Target,
    pub owner: &'a Arc<Tenant>,
    pub rings: &'a [Arc<Keyring>],
    pub place: &'a Location,
    /// What an issuer elsewhere calls the principal, where one vouches for it.
    pub subject: Option<&'a str>,
    pub settings: &'a Arc<Settings>,
    pub now: Moment,
}

impl Held<'_> {
    fn facts(&self, action: Action) -> Facts<'_> {
        Facts {
            principal: self.principal,
            tenant: self.tenant,
            source: None,
            action,
            target: self.target,
            owner: Some(self.owner),
            ring: ring_of(self.target, self.rings),
            place: self.place,
            context: None,
            ask: None,
            found: None,
            subject: self.subject,
            tongue: self.target.authority().name(),
            now: self.now,
        }
    }
}

/// What needs no document: what anybody may ask about themselves, and what only the house does.
fn by_class(caller: &Caller, demand: &Demand) -> Option<Verdict> {
    let house = matches!(caller.proof(), Proof::House);
    match (demand.action.class(), house) {
        (ActionClass::House, true) | (ActionClass::Open, false) => Some(Ok(None)),
        (ActionClass::House, false) | (_, true) => Some(Err(Denial {
            reason: format!("{} is not for `{}`", demand.action.name(), caller.principal().name),
            statement: None,
            explicit: true,
            action: demand.action,
            object: demand.target.object(),
        })),
        _ => None,
    }
}

/// Tenants are strictly apart: a role holds at home.
fn by_role(facts: &Facts<'_>, question: &OnceCell<Option<Question>>) -> Verdict {
    let question = question.get_or_init(|| Question::of(facts)).as_ref();
    match question.and_then(|question| native::allowed(facts, question)) {
        Some(role) => Ok(Some(role.into())),
        None => Err(denial(facts, format!("{}: no role allows it", refused(facts)), None, false)),
    }
}

/// A key that is there for some reasons is used for no other, whatever the documents say.
fn without_reason(facts: &Facts<'_>) -> Option<String> {
    let opens = facts.key().is_none_or(|key| key.opens_for(AccessReason::HERE));
    let refused =
        || format!("{}: the key may not be used for the reason {}", refused(facts), AccessReason::HERE.name());
    (facts.action.class() == ActionClass::Use && !opens).then(refused)
}

fn is_of_service(facts: &Facts<'_>) -> bool {
    matches!(facts.target, Target::Principal(_)) && !google::needed(facts.action, facts.target).is_empty()
}

fn is_keys(target: &Target) -> bool {
    matches!(target, Target::Key(_) | Target::Place { .. } | Target::Alias { .. })
}

fn unreadable(holder: &Holder, papers: Option<&KeyPapers>) -> Option<String> {
    holder.unreadable.clone().or_else(|| papers?.unreadable.clone())
}

fn explicit_reason(asked: &Asked<'_>, side: Side, statement: &str) -> String {
    match asked.facts.target.authority() {
        Authority::Aws => aws::explicit_text(asked, side),
        _ => format!("{}: {statement} forbids it", refused(&asked.facts)),
    }
}

fn refused(facts: &Facts<'_>) -> String {
    let (who, action) = (&facts.principal.name, facts.action.name());
    match facts.target {
        Target::Key(key) => format!("`{who}` may not {action} with key {}", key.id),
        Target::Place { location, .. } => format!("`{who}` may not {action} in {}", location.0),
        Target::Alias { alias, .. } => format!("`{who}` may not {action} with alias `{alias}`"),
        Target::Principal(principal) => format!("`{who}` may not {action} on principal `{}`", principal.name),
        Target::Tenant(tenant) => format!("`{who}` may not {action} in tenant `{}`", tenant.name),
        Target::Site => format!("`{who}` may not {action} on the site"),
    }
}

fn denial(facts: &Facts<'_>, reason: String, statement: Option<Arc<str>>, explicit: bool) -> Denial {
    Denial { reason, statement, explicit, action: facts.action, object: facts.target.object() }
}

fn nothing_demanded(caller: &Caller) -> Denial {
    let object = caller.principal().id;
    Denial { reason: "nothing was demanded".into(), statement: None, explicit: false, action: Action::Unknown, object }
}

fn explained(facts: &Facts<'_>, key: &Key, verdict: Verdict) -> Explanation {
    let aws = key.authority == Authority::Aws;
    let principal =
        if aws { aws::principal_arn(facts.principal, &facts.tenant.account) } else { facts.principal.name.clone() };
    let action = if aws { aws::action_name(facts.action) } else { facts.action.name() };
    let (allowed, statement, reason) = match verdict {
        Ok(statement) => (true, statement, String::new()),
        Err(denial) => (false, denial.statement, denial.reason),
    };
    let decided = statement.as_deref().unwrap_or("no statement");
    let reason = if allowed { format!("{decided} allows {action}") } else { reason };
    Explanation {
        allowed,
        action: action.into(),
        principal,
        key: key.id,
        statement: statement.map(|statement| statement.to_string()),
        reason,
        state: key.life.state,
    }
}
