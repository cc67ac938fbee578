//! What differs between the two engines in the text of statements.

use crate::{Error, Value};

/// `?1` becomes `$1`, outside literals, quoted names and comments.
pub fn to_postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '\'' | '"' => 1 + rest[1..].find(c).map_or(rest.len() - 1, |i| i + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |i| i + 2),
            '?' if rest[1..].starts_with(|d: char| d.is_ascii_digit()) => {
                out.push('$');
                rest = &rest[1..];
                continue;
            }
            _ => c.len_utf8(),
        };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

/// A PostgreSQL string literal, for `standard_conforming_strings = on`.
pub fn literal(text: &str) -> String {
    // NUL cannot stand in a PostgreSQL text: dropping it can only make a scope match nothing.
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}

/// `name` itself when it can stand unquoted in a statement.
pub fn identifier(name: &str) -> Result<&str, Error> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain) {
        Ok(name)
    } else {
        Err(Error::Internal(format!("not a plain name: {name:?}")))
    }
}

/// The names of `columns`, each checked, between commas.
pub fn column_list(columns: &[&str]) -> Result<String, Error> {
    let names: Vec<&str> = columns
        .iter()
        .map(|c| identifier(c))
        .collect::<Result<_, _>>()?;
    Ok(names.join(", "))
}

/// `row` as a line of COPY's text format.
pub fn copy_line(row: &[Value], out: &mut Vec<u8>) {
    for (i, value) in row.iter().enumerate() {
        if i > 0 {
            out.push(b'\t');
        }
        match value {
            Value::Null => out.extend_from_slice(b"\\N"),
            Value::Text(v) => copy_text(v, out),
            Value::Int(v) => out.extend_from_slice(v.to_string().as_bytes()),
            Value::Bool(v) => out.push(if *v { b't' } else { b'f' }),
            Value::Real(v) => out.extend_from_slice(copy_real(*v).as_bytes()),
            Value::Bytes(v) => {
                out.extend_from_slice(b"\\\\x");
                for byte in v {
                    out.push(HEX[usize::from(byte >> 4)]);
                    out.push(HEX[usize::from(byte & 15)]);
                }
            }
        }
    }
    out.push(b'\n');
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn copy_real(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    format!("{value:?}")
}

fn copy_text(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parameters_are_renumbered() {
        let sql =
            "select '?1''?2', \"?3\" /* ?4 */ from t -- ?5\nwhere a = ?12 and é = ?1 and b ? c";
        let want =
            "select '?1''?2', \"?3\" /* ?4 */ from t -- ?5\nwhere a = $12 and é = $1 and b ? c";
        assert_eq!(to_postgres(sql), want);
        assert_eq!(to_postgres("select 'open ?1"), "select 'open ?1");
    }

    #[test]
    fn a_literal_cannot_be_left() {
        assert_eq!(literal("o'; drop table t; --"), "'o''; drop table t; --'");
        assert_eq!(literal("a\\'b"), "'a\\''b'");
    }

    #[test]
    fn a_strange_name_is_refused() {
        assert!(identifier("order_line2").is_ok());
        for name in ["", "1a", "a b", "a;b", "Été", "a\""] {
            assert!(identifier(name).is_err(), "{name}");
        }
    }

    #[test]
    fn copy_lines_escape_what_copy_reads() {
        let mut out = Vec::new();
        let row = [
            Value::Text("a\\b\tc\nd\r".to_owned()),
            Value::Null,
            Value::Bytes(vec![0, 255]),
            Value::Bool(true),
            Value::Int(-1),
            Value::Real(f64::NEG_INFINITY),
        ];
        copy_line(&row, &mut out);
        let want = "a\\\\b\\tc\\nd\\r\t\\N\t\\\\x00ff\tt\t-1\t-Infinity\n";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
