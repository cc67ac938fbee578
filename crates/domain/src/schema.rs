//! The tables of the shared nouns: migrations, and which tables hold operators' rows with the
//! duties their policies admit.

use storage::{Migration, Target, TenantTable};

macro_rules! migration {
    ($step:literal, $name:literal, $file:literal, $target:ident) => {
        Migration {
            owner: "domain",
            step: $step,
            name: $name,
            sql: include_str!(concat!("../migrations/", $file)),
            postgres_sql: None,
            target: Target::$target,
        }
    };
}

/// Every migration of the shared nouns, in order.
pub const MIGRATIONS: &[Migration] = &[
    migration!(1, "base", "0001_base.sql", Main),
    migration!(2, "reference", "0002_reference.sql", Reference),
    migration!(3, "live", "0003_live.sql", Main),
    migration!(4, "order", "0004_order.sql", Main),
    migration!(5, "network", "0005_network.sql", Reference),
    migration!(6, "release_source", "0006_release_source.sql", Main),
    migration!(7, "upload", "0007_upload.sql", Main),
    migration!(8, "freeze", "0008_freeze.sql", Main),
    migration!(9, "ipe_columns", "0009_ipe_columns.sql", Reference),
    migration!(10, "pbo_reference", "0010_pbo_reference.sql", Reference),
    migration!(11, "upload_purpose", "0011_upload_purpose.sql", Main),
    migration!(12, "call", "0012_call.sql", Main),
    migration!(13, "job_turns", "0013_job_turns.sql", Main),
    migration!(14, "rate_use", "0014_rate_use.sql", Main),
];

const fn table(name: &'static str, duties: &'static [&'static str]) -> TenantTable {
    TenantTable {
        table: name,
        operator_column: "operator_id",
        duties,
        append_only: false,
    }
}

const fn journal(name: &'static str, duties: &'static [&'static str]) -> TenantTable {
    TenantTable {
        append_only: true,
        ..table(name, duties)
    }
}

/// A live row, which belongs to whoever holds the fibre or line.
const fn held(name: &'static str) -> TenantTable {
    let duties = &["fibre_occupancy", "overwriting", "import", "demo"];
    TenantTable {
        operator_column: "holder_operator_id",
        ..table(name, duties)
    }
}

/// Duties that write a unit of work of their own, and so its audit, outbox and idempotency rows.
const UNITS: &[&str] = &[
    "sign_in",
    "jobs",
    "overwriting",
    "import",
    "address_anomalies",
    "upkeep",
    "demo",
    "sealer",
];

/// Duties that tell operators something in their feeds, and the one that numbers it.
const TELLERS: &[&str] = &[
    "sealer",
    "overwriting",
    "import",
    "address_anomalies",
    "demo",
];

/// Every table that holds operators' rows.
pub const TENANT_TABLES: &[TenantTable] = &[
    table(
        "operator",
        &[
            "sign_in",
            "certificate_look_up",
            "jobs",
            "outbox",
            "overwriting",
            "import",
            "address_anomalies",
            "upkeep",
            "demo",
        ],
    ),
    table("operator_siren", &["demo"]),
    table("contract", &["import", "demo"]),
    table("contract_offer", &["demo"]),
    table(
        "subscription",
        &["sign_in", "certificate_look_up", "demo", "watch"],
    ),
    table("account", &["sign_in", "overwriting", "demo"]),
    table("account_permission", &["sign_in", "demo"]),
    table("session", &["sign_in"]),
    table("certificate", &["certificate_look_up", "demo"]),
    journal("audit", UNITS),
    table("audit_unsealed", UNITS),
    journal("audit_seal", &["sealer"]),
    journal("event", TELLERS),
    table("event_unnumbered", TELLERS),
    journal("event_number", &["sealer"]),
    table("outbox", &["outbox", "overwriting", "import", "demo"]),
    table("job", &["jobs", "demo", "watch"]),
    table("idempotency", &["sign_in", "upkeep", "demo"]),
    table("access_order", &["fibre_occupancy", "overwriting", "demo"]),
    journal("order_timeline", &["overwriting", "demo"]),
    table("upload", &["import", "upkeep", "demo"]),
    table("upload_chunk", &["import", "upkeep", "demo"]),
    table("call_log", &["upkeep"]),
    table("call_text", &["upkeep"]),
    table("call_volume", &["upkeep"]),
    held("live_fibre"),
    held("live_line"),
];
