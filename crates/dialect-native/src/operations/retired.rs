//! Deleting what is destroyed.

use crate::input::operation;
use domain::{Ask, KeyName, ObjectId};

operation! {
    DeleteKey {
        key: KeyName = "A key whose versions are all deleted. Its name stays taken.";
    } => "retired-key", |input| Ok(Ask::DeleteKey { key: input.key })
}

operation! {
    DeleteVersion {
        key: KeyName = "The key.";
        version: u32 = "A version whose material is destroyed, or never came into being, and cannot come back.";
    } => "done", |input| Ok(Ask::DeleteVersion { key: input.key, version: input.version })
}

operation! {
    ListRetiredKeys {} => "retired-keys", |_input| Ok(Ask::ListRetiredKeys { project: None })
}

operation! {
    DescribeRetiredKey {
        id: ObjectId = "The id of a key that was deleted.";
    } => "retired-key", |input| Ok(Ask::DescribeRetiredKey { project: None, id: input.id })
}
