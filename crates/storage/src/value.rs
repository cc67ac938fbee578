//! Values and rows, alike on both engines.

use crate::Error;

/// One value: a parameter or a column. The portable subset has no other types.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// TEXT.
    Text(String),
    /// BIGINT.
    Int(i64),
    /// BOOLEAN (0 or 1 on SQLite).
    Bool(bool),
    /// DOUBLE PRECISION.
    Real(f64),
    /// BYTEA.
    Bytes(Vec<u8>),
}

macro_rules! from {
    ($($type:ty => |$v:ident| $make:expr;)*) => {
        $(impl From<$type> for Value { fn from($v: $type) -> Self { $make } })*
    };
}

from! {
    &str => |v| Self::Text(v.to_owned());
    String => |v| Self::Text(v);
    &String => |v| Self::Text(v.clone());
    i64 => |v| Self::Int(v);
    i32 => |v| Self::Int(i64::from(v));
    u32 => |v| Self::Int(i64::from(v));
    bool => |v| Self::Bool(v);
    f64 => |v| Self::Real(v);
    Vec<u8> => |v| Self::Bytes(v);
    &[u8] => |v| Self::Bytes(v.to_vec());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row while the engine shows it; columns are read by position, from 0.
pub trait Cells {
    /// A TEXT column that is not null.
    ///
    /// # Errors
    /// There is no such column, or it holds something else.
    fn text(&self, at: usize) -> Result<&str, Error>;

    /// A BIGINT column that is not null.
    ///
    /// # Errors
    /// There is no such column, or it holds something else.
    fn int(&self, at: usize) -> Result<i64, Error>;

    /// A DOUBLE PRECISION column.
    ///
    /// # Errors
    /// There is no such column, or it holds something else.
    fn opt_real(&self, at: usize) -> Result<Option<f64>, Error>;
}

/// One row of an answer; columns are read by name, once each.
#[derive(Clone, Debug)]
pub struct Row {
    names: std::sync::Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    /// A row of `values` under `names`, one each.
    #[must_use]
    pub fn new(names: std::sync::Arc<[String]>, values: Vec<Value>) -> Self {
        debug_assert_eq!(names.len(), values.len());
        Self { names, values }
    }

    /// A column as the engine gave it: SQLite's booleans are integers.
    ///
    /// # Errors
    /// There is no such column.
    pub fn value(&self, name: &str) -> Result<&Value, Error> {
        self.names
            .iter()
            .position(|n| n == name)
            .map(|i| &self.values[i])
            .ok_or_else(|| Error::Decode(format!("no column {name}")))
    }

    fn mismatch(name: &str, wanted: &str, found: &Value) -> Error {
        Error::Decode(format!("column {name}: wanted {wanted}, found {found:?}"))
    }

    /// A TEXT column that is not null.
    pub fn text(&self, name: &str) -> Result<String, Error> {
        self.opt_text(name)?
            .ok_or_else(|| Self::mismatch(name, "text", &Value::Null))
    }

    /// A TEXT column.
    pub fn opt_text(&self, name: &str) -> Result<Option<String>, Error> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Text(v) => Ok(Some(v.clone())),
            other => Err(Self::mismatch(name, "text", other)),
        }
    }

    /// A BIGINT column that is not null.
    pub fn int(&self, name: &str) -> Result<i64, Error> {
        self.opt_int(name)?
            .ok_or_else(|| Self::mismatch(name, "bigint", &Value::Null))
    }

    /// A BIGINT column.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>, Error> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Int(v) => Ok(Some(*v)),
            other => Err(Self::mismatch(name, "bigint", other)),
        }
    }

    /// A BOOLEAN column that is not null; SQLite stores it as 0 or 1.
    pub fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.value(name)? {
            Value::Bool(v) => Ok(*v),
            Value::Int(v @ (0 | 1)) => Ok(*v == 1),
            other => Err(Self::mismatch(name, "boolean", other)),
        }
    }

    /// A DOUBLE PRECISION column.
    pub fn opt_real(&self, name: &str) -> Result<Option<f64>, Error> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Real(v) => Ok(Some(*v)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "SQLite may store a whole real as int"
            )]
            Value::Int(v) => Ok(Some(*v as f64)),
            other => Err(Self::mismatch(name, "double", other)),
        }
    }

    /// A BYTEA column that is not null.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Error> {
        match self.value(name)? {
            Value::Bytes(v) => Ok(v.clone()),
            other => Err(Self::mismatch(name, "bytea", other)),
        }
    }
}
