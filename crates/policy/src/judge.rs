//! One door.

use crate::{Decision, Denial};
use domain::{Action, Context, Explanation, Key, Moment, Principal, Request, Settings, Tenant};
use identity::Caller;
use std::sync::Arc;

/// Compiled documents and remembered decisions. One in a house, shared by all threads.
pub struct Policy {
    _kept: (),
}

impl Policy {
    #[expect(clippy::new_without_default, reason = "there is one in a house")]
    pub fn new() -> Self {
        Self { _kept: () }
    }

    /// Judges all demands of the request at once: one permit covers all of them, or there is none.
    pub fn authorize<'r>(
        &self,
        caller: &Caller,
        request: &'r Request<'r>,
        settings: &Arc<Settings>,
        now: Moment,
    ) -> Decision<'r> {
        let _ = (caller, request, settings, now);
        let object = caller.principal().id;
        Decision::Denied(Denial {
            reason: "nothing allows it".into(),
            statement: None,
            explicit: false,
            action: Action::Unknown,
            object,
        })
    }

    /// Says whether somebody may do something to a key, and which statement decides. Nothing is remembered.
    #[expect(clippy::too_many_arguments, reason = "a question has many parts")]
    pub fn explain(
        &self,
        who: (&Arc<Principal>, &Arc<Tenant>),
        action: Action,
        key: &Arc<Key>,
        owner: &Arc<Tenant>,
        context: &Context,
        settings: &Arc<Settings>,
        now: Moment,
    ) -> Explanation {
        let _ = (owner, context, settings, now);
        Explanation {
            allowed: false,
            action: action.name().into(),
            principal: who.0.name.clone(),
            key: key.id,
            statement: None,
            reason: "nothing allows it".into(),
            state: key.life.state,
        }
    }
}
