//! Keys: making, showing, describing.

use super::page;
use crate::input::{Pairs, Reasons, operation};
use domain::{
    Algorithm, Ask, Authority, DEFAULT_RING, KeyFacts, KeyName, KeyUpdate, Limits, Make, ObjectId, Origin,
    ProtectionLevel, Purpose, Rotate, Scheme, Timestamp, Window,
};

operation! {
    CreateKey {
        name: Option<String> = "What the key is called; its id is its only name without.";
        ring: Option<String> = "The key ring, made if it is not there; `default` without.";
        purpose: Option<Purpose> = "What the key is for; `encrypt` without.";
        algorithm: Option<Algorithm> = "`AES-256` without.";
        scheme: Option<Scheme> = "The only way in which the key shall be used; any that fits it without.";
        origin: Option<Origin> = "Where the material comes from; `generated` without. A key of `imported` origin begins without a version.";
        protection: Option<ProtectionLevel> = "What keeps the material while it works; `software` without.";
        authority: Option<Authority> = "Whose documents may allow its use; `native` without.";
        description: Option<String> = "In words.";
        owner: Option<String> = "Who answers for it.";
        environment: Option<String> = "Where it is used.";
        data_class: Option<String> = "What it protects.";
        tags: Option<Pairs> = "Names and values.";
        document: Option<String> = "A policy document of the authority; the authority's default without.";
        bypass_lockout_check: Option<bool> = "Whether you take the risk of locking yourself out.";
        later: Option<bool> = "`true` does not wait for a key with a public half: its material is awaited at first.";
        rotation_days: Option<u32> = "Days from one rotation to the next; the tenant's profile decides without.";
        uses_max: Option<u64> = "How often each version protects, at most; without limit without.";
        bytes_max: Option<u64> = "How many bytes of plaintext each version protects, at most; without limit without.";
        window_from: Option<Timestamp> = "From when version 1 may protect.";
        window_until: Option<Timestamp> = "Until when version 1 may protect.";
        token: Option<String> = "The same token with the same request is answered as the first time.";
    } => "key", |input| Ok(Ask::CreateKey(Box::new(domain::CreateKey {
        project: None,
        in_existing_ring: false,
        ring: input.ring.unwrap_or_else(|| DEFAULT_RING.into()),
        name: input.name,
        purpose: input.purpose.unwrap_or(Purpose::Encrypt),
        algorithm: input.algorithm.unwrap_or(Algorithm::Aes256),
        scheme: input.scheme,
        origin: input.origin.unwrap_or(Origin::Generated),
        protection: input.protection.unwrap_or(ProtectionLevel::Software),
        authority: input.authority.unwrap_or(Authority::Native),
        description: input.description.unwrap_or_default(),
        facts: KeyFacts {
            owner: input.owner,
            environment: input.environment,
            data_class: input.data_class,
            tags: input.tags.map(|tags| tags.0).unwrap_or_default(),
        },
        document: input.document,
        bypass_lockout_check: input.bypass_lockout_check.unwrap_or(false),
        later: input.later.unwrap_or(false),
        rotation: input.rotation_days.map(Rotate::every_days),
        version_window_seconds: None,
        without_version: input.origin == Some(Origin::Imported),
        access_reasons: None,
        limits: Limits { uses: input.uses_max, bytes: input.bytes_max },
        window: Window { from: input.window_from, until: input.window_until },
        token: input.token,
    })))
}

operation! {
    DescribeKey {
        key: KeyName = "The key.";
        at: Option<Timestamp> = "As it was at this time; as it is without.";
    } => "key", |input| Ok(Ask::DescribeKey { key: input.key, at: input.at })
}

operation! {
    ListKeys {
        limit: Option<u32> = "At most so many; 100 without.";
        after: Option<ObjectId> = "The `next` of the answer before.";
    } => "keys", |input| Ok(Ask::ListKeys { page: page(input.limit, input.after)? })
}

operation! {
    SetDescription {
        key: KeyName = "The key.";
        description: String = "In words.";
    } => "done", |input| Ok(Ask::DescribeKeyAs { key: input.key, description: input.description })
}

operation! {
    SetFacts {
        key: KeyName = "The key.";
        owner: Option<String> = "Who answers for it; as it was without.";
        environment: Option<String> = "Where it is used; as it was without.";
        data_class: Option<String> = "What it protects; as it was without.";
    } => "key", |input| Ok(Ask::SetFacts {
        key: input.key,
        owner: input.owner,
        environment: input.environment,
        data_class: input.data_class,
    })
}

operation! {
    TagKey {
        key: KeyName = "The key.";
        tags: Pairs = "Names and values; a name that is there gets the new value.";
    } => "done", |input| Ok(Ask::Tag { key: input.key, tags: input.tags.0 })
}

operation! {
    UntagKey {
        key: KeyName = "The key.";
        names: Vec<String> = "The tags' names.";
    } => "done", |input| Ok(Ask::Untag { key: input.key, names: input.names })
}

operation! {
    SetAlgorithm {
        key: KeyName = "The key.";
        algorithm: Algorithm = "What its next versions are made of, for the same purpose; those that there are stay what they are.";
        scheme: Option<Scheme> = "The only way in which they shall be used; any that fits them without.";
    } => "key", |input| {
        let make = Make { purpose: None, algorithm: input.algorithm, scheme: input.scheme };
        Ok(Ask::UpdateKey { key: input.key, update: Box::new(KeyUpdate { make: Some(make), ..KeyUpdate::default() }) })
    }
}

operation! {
    SetAccessReasons {
        key: KeyName = "The key.";
        reasons: Option<Reasons> = "The only reasons for which it may be used; any without. Whoever uses a key of this house has the reason `owner-access`.";
    } => "key", |input| {
        let access_reasons = Some(input.reasons.map(|reasons| reasons.0));
        Ok(Ask::UpdateKey { key: input.key, update: Box::new(KeyUpdate { access_reasons, ..KeyUpdate::default() }) })
    }
}

operation! {
    ListTags {
        key: KeyName = "The key.";
    } => "tags", |input| Ok(Ask::ListTags { key: input.key })
}

operation! {
    ListVersions {
        key: KeyName = "The key.";
    } => "versions", |input| Ok(Ask::ListVersions { key: input.key })
}

operation! {
    CertifyDestruction {
        key: KeyName = "A key that is destroyed; its id, where its name is gone.";
    } => "certificate", |input| Ok(Ask::CertifyDestruction { key: input.key })
}

operation! {
    RevertEntry {
        entry: u64 = "An entry that changed a key, which nothing has changed since.";
    } => "key", |input| Ok(Ask::RevertEntry { entry: input.entry })
}
