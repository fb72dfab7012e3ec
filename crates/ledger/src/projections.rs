//! What is derived from the log, and can be derived again.

use crate::{ProjectionReader, ProjectionWriter, Reader, StoreFault};
use std::sync::Arc;

/// Follows the log.
pub(crate) struct Projector {
    _reader: Arc<dyn Reader>,
    _writer: Box<dyn ProjectionWriter>,
    progress: Arc<dyn ProjectionReader>,
}

impl Projector {
    pub(crate) fn new(
        reader: Arc<dyn Reader>,
        writer: Box<dyn ProjectionWriter>,
        progress: Arc<dyn ProjectionReader>,
    ) -> Self {
        Self { _reader: reader, _writer: writer, progress }
    }

    /// How far the projections are afterwards.
    pub(crate) fn step(&mut self, _head: u64) -> Result<u64, StoreFault> {
        self.progress.cursor("segments")
    }
}
