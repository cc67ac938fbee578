//! Statements run at a peer through `psql`; none of them ever reaches the platform's own store.

/// Makes the table, every column a text.
pub fn peer_table(columns: &[&str]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|name| format!("\"{name}\" text"))
        .collect();
    format!(
        "{PEER_DROP} create table epissure_bench_ipe ({})",
        columns.join(", ")
    )
}

/// Loads a file with its header.
pub fn peer_copy(file: &str) -> String {
    let file = file.replace('\'', "''");
    format!("\\copy epissure_bench_ipe from '{file}' with (format csv, delimiter ';', header)")
}

/// By key, by Hexaclé, by PM.
pub const PEER_INDEXES: &str = "create index on epissure_bench_ipe (\"IdentifiantImmeuble\");
create index on epissure_bench_ipe (\"CodeAdresseImmeuble\");
create index on epissure_bench_ipe (\"ReferencePM\");";

/// Removes the table.
pub const PEER_DROP: &str = "drop table if exists epissure_bench_ipe;";
