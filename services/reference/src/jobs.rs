//! The jobs of the area.

use service_api::JobKind;

use crate::runs::usecases::{IMPORT_JOB, PUBLISH_JOB, run_import, run_publish};

/// Importing a file, and publishing an approved release.
pub const JOBS: &[JobKind] = &[
    JobKind {
        kind: IMPORT_JOB,
        run: |platform, ctx, run| Box::pin(run_import(platform, ctx, run)),
    },
    JobKind {
        kind: PUBLISH_JOB,
        run: |platform, ctx, number| Box::pin(run_publish(platform, ctx, number)),
    },
];
