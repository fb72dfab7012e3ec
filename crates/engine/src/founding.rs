//! What a site begins with: its settings, the site tenant and its first administrator; in a development
//! site also a tenant and its people.

use crate::people::{key_change, new_principal, public_half, secret_half};
use crate::tenants::{name_row, tenant_change, tenant_names};
use domain::{
    Action, Agreed, Authority, Fault, Moment, NameKind, Object, ObjectId, PrincipalKind, Profile, RecoveryHalves,
    RequestId, Role, RoleScope, SETTINGS_ID, SITE_TENANT, Settings, Tenant, TenantKind, Tongue,
};
use ledger::{Change, Drafted, Effects, Outcome, Record};
use secret::Secret;
use std::sync::Arc;

/// Names become row ids under a key of the site, which the founder holds.
pub type NameIds<'a> = &'a dyn Fn(NameKind, ObjectId, &str) -> ObjectId;

/// Somebody who is there from the beginning.
pub struct Newcomer {
    pub name: String,
    pub kind: PrincipalKind,
    pub roles: Vec<Role>,
    /// Identity policies: name and text.
    pub documents: Vec<(String, String)>,
    /// An access key that somebody chose; else one is drawn.
    pub chosen: Option<(String, Secret)>,
}

/// A tenant that is there from the beginning.
pub struct Colony {
    pub name: String,
    pub account: String,
    pub profile: Profile,
    pub people: Vec<Newcomer>,
}

/// Who and what is there from the beginning.
pub struct Founders {
    pub administrator: Newcomer,
    pub colonies: Vec<Colony>,
    /// Whose statements the site will obey, and to whom its backups are sealed.
    pub recovery: Option<RecoveryHalves>,
}

/// An access key that founding made. Its secret is shown once.
pub struct Founded {
    pub tenant: String,
    pub account: String,
    pub principal: String,
    pub id: String,
    pub secret: Secret,
}

/// The site's account number: no tenant has it.
pub const SITE_ACCOUNT: &str = "000000000001";

struct Builder<'a> {
    change: Change,
    founded: Vec<Founded>,
    names: NameIds<'a>,
    now: domain::Timestamp,
    clock: Agreed,
}

/// The first record of a site, and the access keys that it makes.
pub fn founding_record(
    moment: Moment,
    founders: Founders,
    names: NameIds<'_>,
) -> Result<(Record, Vec<Founded>), Fault> {
    let now = moment.wall;
    let clock = Agreed::at(moment.wall, moment.steady);
    let mut builder = Builder { change: Change::none(), founded: Vec::new(), names, now, clock };
    builder.settings(founders.recovery);
    builder.site(founders.administrator)?;
    for colony in founders.colonies {
        builder.colony(colony)?;
    }
    let draft = Drafted {
        request: RequestId(fresh()?),
        tongue: Tongue::House,
        moment,
        tenant: SITE_TENANT,
        principal: SITE_TENANT,
        deeds: vec![(Action::FoundSite, SITE_TENANT, None)],
        detail: ledger::Details::default(),
    };
    let outcome = Outcome::of(draft, Ok(Effects::change(builder.change, domain::Reply::Done)));
    Ok((outcome.record, builder.founded))
}

fn fresh() -> Result<ObjectId, Fault> {
    crypto::random_bytes::<16>().map(ObjectId).map_err(|_| Fault::Unavailable)
}

impl Builder<'_> {
    fn settings(&mut self, recovery: Option<RecoveryHalves>) {
        let settings = Settings {
            retention_months: None,
            signature_window_seconds: 300,
            native_authority: Authority::Native,
            forbids: Vec::new(),
            recovery,
            clock: Some(self.clock),
            universe: None,
        };
        self.put(SETTINGS_ID, Object::Settings(Arc::new(settings)));
    }

    fn put(&mut self, id: ObjectId, object: Object) {
        self.change = std::mem::take(&mut self.change).put(id, object);
    }

    fn add(&mut self, change: Change) {
        self.change = std::mem::take(&mut self.change).and(change);
    }

    fn site(&mut self, administrator: Newcomer) -> Result<(), Fault> {
        let tenant = Arc::new(Tenant {
            id: SITE_TENANT,
            name: "site".to_owned(),
            account: SITE_ACCOUNT.to_owned(),
            profile: Profile::Default,
            kind: TenantKind::Site,
            forbids: Vec::new(),
            documents: Vec::new(),
            created: self.now,
        });
        self.put(SITE_TENANT, Object::Tenant(Arc::clone(&tenant)));
        for (kind, text) in tenant_names(&tenant) {
            let id = (self.names)(kind, SITE_TENANT, &text);
            self.put(id, name_row(kind, SITE_TENANT, text, SITE_TENANT, self.now));
        }
        self.person(&tenant, administrator)
    }

    fn colony(&mut self, colony: Colony) -> Result<(), Fault> {
        let (kind, created) = (TenantKind::Ordinary, self.now);
        let (forbids, documents) = (Vec::new(), Vec::new());
        let Colony { name, account, profile, people } = colony;
        let tenant = Arc::new(Tenant { id: fresh()?, name, account, profile, kind, forbids, documents, created });
        let ids: Vec<ObjectId> =
            tenant_names(&tenant).iter().map(|(kind, text)| (self.names)(*kind, SITE_TENANT, text)).collect();
        self.add(tenant_change(&tenant, &ids, self.now)?);
        people.into_iter().try_for_each(|person| self.person(&tenant, person))
    }

    fn person(&mut self, tenant: &Tenant, person: Newcomer) -> Result<(), Fault> {
        let roles: Vec<_> = person.roles.iter().map(|role| (*role, RoleScope::Tenant)).collect();
        let mut principal = new_principal(fresh()?, tenant.id, &person.name, person.kind, &roles, self.now);
        principal.documents = person.documents;
        let principal = Arc::new(principal);
        let (public, secret) = match person.chosen {
            Some(chosen) => chosen,
            None => (public_half(fresh()?), drawn_secret()?),
        };
        let row = (self.names)(NameKind::AccessKey, SITE_TENANT, &public);
        let (key, principal) = key_change(&principal, &public, &secret, row, self.now)?;
        let name = (self.names)(NameKind::Principal, tenant.id, &principal.name);
        self.add(key);
        let tenant_id = principal.tenant;
        self.put(name, name_row(NameKind::Principal, tenant_id, principal.name.clone(), principal.id, self.now));
        let (tenant, account) = (tenant.name.clone(), tenant.account.clone());
        self.founded.push(Founded { tenant, account, principal: person.name, id: public, secret });
        Ok(())
    }
}

fn drawn_secret() -> Result<Secret, Fault> {
    let random = crypto::random_bytes::<30>().map_err(|_| Fault::Unavailable)?;
    Ok(secret_half(&Secret::new(random.to_vec())))
}
