//! Aliases.

use super::page;
use crate::input::operation;
use domain::{Ask, KeyName, ObjectId};

operation! {
    CreateAlias {
        alias: String = "The new name, without a prefix.";
        key: KeyName = "The key.";
    } => "done", |input| Ok(Ask::CreateAlias { alias: input.alias, key: input.key })
}

operation! {
    RetargetAlias {
        alias: String = "The alias.";
        key: KeyName = "The key that it means from now on.";
    } => "done", |input| Ok(Ask::RetargetAlias { alias: input.alias, key: input.key })
}

operation! {
    DeleteAlias {
        alias: String = "The alias.";
    } => "done", |input| Ok(Ask::DeleteAlias { alias: input.alias })
}

operation! {
    ListAliases {
        key: Option<KeyName> = "Only those of this key.";
        limit: Option<u32> = "At most so many; 100 without.";
        after: Option<ObjectId> = "The `next` of the answer before.";
    } => "aliases", |input| Ok(Ask::ListAliases { key: input.key, page: page(input.limit, input.after)? })
}
