//! Somebody changes the journal in the store itself: `audit verify` finds it, by the chain when one
//! row is touched, by the signed heads, kept elsewhere, when the whole chain is forged.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use domain::audit::seal::link_hash;

use crate::server::{House, engine, said, succeed};

/// Exit code of a journal that is not whole (interfaces §5).
const INVALID: i32 = 3;
/// The columns of a journal row, in the order in which a link covers them.
const COLUMNS: [&str; 14] = [
    "at_ms",
    "real_at_ms",
    "operator_id",
    "id",
    "actor_kind",
    "actor_id",
    "actor_name",
    "channel",
    "request_id",
    "action",
    "target",
    "outcome",
    "code",
    "detail",
];
/// What the first link follows.
const GENESIS: &str = "epissure";

/// An installation whose journal has rows, all of them older than the signed head that its last
/// command left.
struct Journal {
    house: House,
    data: std::path::PathBuf,
    rows: Vec<Vec<String>>,
    links: Vec<Vec<String>>,
}

impl Journal {
    fn new() -> Option<Self> {
        let house = House::new(engine())?;
        let data = house.path("data");
        let run = |args: &[&str]| succeed(house.command(&data, args));
        let login = "exploitation@f2v.example";
        run(&["init", "--name", "F2V", "--code", "F2V", "--login", login]);
        for code in ["HIRO", "LINB", "TROI"] {
            let email = format!("si@{code}.example");
            run(&["operator", "add", code, "--name", code, "--email", &email]);
            run(&["contract", "add", code, "CO-1"]);
            run(&["subscribe", code, "fci"]);
        }
        let mut journal = Self {
            house,
            data,
            rows: Vec::new(),
            links: Vec::new(),
        };
        journal.rows = journal.read(&format!(
            "select {} from audit_seal s join audit a on a.id = s.audit_id order by s.seq",
            COLUMNS.map(|column| format!("a.{column}")).join(", ")
        ));
        journal.links =
            journal.read("select seq, operator_id, audit_id, hash from audit_seal order by seq");
        assert!(journal.rows.len() > 10 && journal.links.len() == journal.rows.len());
        Some(journal)
    }

    fn read(&self, sql: &str) -> Vec<Vec<String>> {
        self.house.rows(&self.data, sql)
    }

    fn tamper(&self, sql: &str) {
        self.house.tamper(&self.data, sql);
    }

    /// The exit code of `audit verify` and all that it says.
    fn verify(&self) -> (i32, String) {
        let mut command = self.house.command(&self.data, &["audit", "verify"]);
        let output = command.output().unwrap();
        (output.status.code().unwrap(), said(&output))
    }

    fn assert_whole(&self) {
        let (code, said) = self.verify();
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("not yet sealed 0"), "{said}");
    }

    /// Tampers, and asserts that the verifier says one of `told`; then puts everything back.
    fn assert_found(&self, sql: &str, told: &str) {
        self.tamper(sql);
        let (code, said) = self.verify();
        assert!(
            code == INVALID && said.contains(told),
            "{sql}: {told} expected, found {said}"
        );
        self.put_back();
    }

    fn put_back(&self) {
        let insert = |table: &str, columns: &str, row: &Vec<String>| {
            let values: Vec<_> = row.iter().map(|value| quoted(value)).collect();
            format!(
                "insert into {table} ({columns}) values ({});",
                values.join(", ")
            )
        };
        let columns = COLUMNS.join(", ");
        let rows = self.rows.iter().map(|row| insert("audit", &columns, row));
        let links = "seq, operator_id, audit_id, hash";
        let links = self
            .links
            .iter()
            .map(|link| insert("audit_seal", links, link));
        let back: String = rows.chain(links).collect();
        self.tamper(&format!(
            "delete from audit_seal; delete from audit; {back}"
        ));
    }

    /// Seals `rows` again from the first, as somebody would who has the store and the sources, but
    /// neither the key nor the heads.
    fn forge(&self, rows: &[Vec<String>]) {
        let mut hash = GENESIS.to_owned();
        let mut sql = "delete from audit_seal; delete from audit;".to_owned();
        for (i, row) in rows.iter().enumerate() {
            hash = link_hash(&hash, row);
            let values: Vec<_> = row.iter().map(|value| quoted(value)).collect();
            let columns = COLUMNS.join(", ");
            sql += &format!(
                "insert into audit ({columns}) values ({});",
                values.join(", ")
            );
            let link = [&(i + 1).to_string(), &row[2], &row[3], &hash].map(|value| quoted(value));
            let columns = "seq, operator_id, audit_id, hash";
            sql += &format!(
                "insert into audit_seal ({columns}) values ({});",
                link.join(", ")
            );
        }
        self.tamper(&sql);
    }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[test]
fn a_changed_column_of_one_row_is_found_whichever_it_is() {
    let Some(journal) = Journal::new() else {
        return;
    };
    journal.assert_whole();
    let (row, place) = (&journal.rows[3], &journal.links[3][0]);
    let id = quoted(&row[3]);
    for (column, value) in COLUMNS.iter().zip(row) {
        let other = match *column {
            "at_ms" | "real_at_ms" => (value.parse::<i64>().unwrap() + 1).to_string(),
            "outcome" => "refused".to_owned(),
            _ => format!("{value}x"),
        };
        let told = match *column {
            "operator_id" | "id" => format!("link {place}: row {} was removed", row[3]),
            _ => format!("link {place}: row {} was changed", row[3]),
        };
        let change = format!(
            "update audit set {column} = {} where id = {id}",
            quoted(&other)
        );
        journal.assert_found(&change, &told);
    }
    journal.assert_whole();
}

#[test]
fn rows_and_links_that_are_removed_swapped_or_added_are_found() {
    let Some(journal) = Journal::new() else {
        return;
    };
    let (first, second) = (quoted(&journal.rows[3][3]), quoted(&journal.rows[4][3]));
    let found = |sql: String, told: &str| journal.assert_found(&sql, told);
    found(
        format!("delete from audit where id = {first}"),
        "link 4: row",
    );
    found(
        format!("delete from audit_seal where audit_id = {first}"),
        "link 5: follows 3",
    );
    let both = format!(
        "delete from audit_seal where audit_id = {first}; delete from audit where id = {first}"
    );
    found(both, "link 5: follows 3");
    let renumbered = format!(
        "delete from audit_seal where audit_id = {first}; delete from audit where id = {first};
         update audit_seal set seq = -seq where seq > 4;
         update audit_seal set seq = -seq - 1 where seq < 0"
    );
    found(renumbered, "link 4: row");
    let swapped = format!(
        "update audit_seal set audit_id = 'x' where seq = 4;
         update audit_seal set audit_id = {first} where seq = 5;
         update audit_seal set audit_id = {second} where seq = 4"
    );
    found(swapped, "link 4: row");
    let exchanged = format!(
        "update audit set action = (select b.action from audit b where b.id = {first})
           where id = {second} and action <> (select b.action from audit b where b.id = {first})"
    );
    found(exchanged, "link 5: row");
    let added = "insert into audit select operator_id, 'aud_forged', at_ms, real_at_ms, actor_kind,
           actor_id, actor_name, channel, request_id, action, target, outcome, code, detail
         from audit limit 1";
    found(
        added.to_owned(),
        "1 rows have neither seal nor place in the queue",
    );
    found(
        "update audit_seal set hash = 'x' where seq = 4".to_owned(),
        "link 4: row",
    );
    let last = journal.links.len();
    found(
        format!("delete from audit_seal where seq = {last}"),
        "the chain was cut",
    );
    journal.assert_whole();
}

#[test]
fn a_chain_that_is_cut_or_forged_as_a_whole_is_found_by_the_signed_heads() {
    let Some(journal) = Journal::new() else {
        return;
    };
    let all = journal.rows.len();
    journal.assert_found(
        "delete from audit_seal; delete from audit",
        "the chain was cut",
    );
    let half = format!(
        "delete from audit where id in (select audit_id from audit_seal where seq > {0});
         delete from audit_seal where seq > {0}",
        all / 2
    );
    journal.assert_found(&half, "the chain was cut");

    let mut forged = journal.rows.clone();
    journal.forge(&forged);
    journal.assert_whole();
    forged[3][9] = "nothing.to_see".to_owned();
    journal.forge(&forged);
    let differs = "differs from the signed head";
    let (code, said) = journal.verify();
    assert!(code == INVALID && said.contains(differs), "{said}");

    // Work that goes on over a forged chain signs new heads, and the old ones still tell.
    let email = ["--name", "Quatre", "--email", "si@quatre.example"];
    let add = [&["operator", "add", "QUAT"], &email[..]].concat();
    succeed(journal.house.command(&journal.data, &add));
    let (code, said) = journal.verify();
    assert!(code == INVALID && said.contains(differs), "{said}");
}

#[test]
fn a_head_that_was_not_signed_here_is_found() {
    let Some(journal) = Journal::new() else {
        return;
    };
    let heads = journal.house.path("data-audit");
    let name = format!("head-{}.json", journal.links.len());
    let path = heads.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut head: serde_json::Value = serde_json::from_str(&text).unwrap();
    head["hash"] = "0".repeat(64).into();
    std::fs::write(&path, head.to_string()).unwrap();
    let (code, said) = journal.verify();
    assert!(
        code == INVALID && said.contains("signature does not hold"),
        "{said}"
    );
    std::fs::write(&path, text).unwrap();
    journal.assert_whole();
}
