//! SQL of uploads and of their bytes on PostgreSQL.

use kernel::{Millis, OperatorId, UploadId};
use storage::{Error, Row, Tx, first, sql};

use super::{Purpose, State, Upload};
use crate::access::{Reach, SystemScope};
use crate::params;

/// Adds an upload whose bytes are kept.
pub fn insert(tx: &mut dyn Tx, reach: &dyn Reach, upload: &Upload) -> Result<(), Error> {
    let stmt = sql!(
        "insert into upload (operator_id, id, purpose, state, file_name, size, digest, scanner,
           finding, received_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    );
    let params = params![
        upload.operator.as_str(),
        upload.id.as_str(),
        upload.purpose.as_str(),
        upload.state.as_str(),
        upload.file_name.as_str(),
        upload.size,
        upload.digest.as_str(),
        upload.scanner.as_str(),
        upload.finding.as_str(),
        upload.received.0
    ];
    tx.execute(&reach.rls(), stmt, params)?;
    Ok(())
}

/// Notes what the scanner said; nothing happens to an upload it had already judged.
pub fn update_state(tx: &mut dyn Tx, reach: &dyn Reach, upload: &Upload) -> Result<u64, Error> {
    let stmt = sql!(
        "update upload set state = ?3, scanner = ?4, finding = ?5
         where operator_id = ?1 and id = ?2 and state = 'received'"
    );
    let params = params![
        upload.operator.as_str(),
        upload.id.as_str(),
        upload.state.as_str(),
        upload.scanner.as_str(),
        upload.finding.as_str()
    ];
    tx.execute(&reach.rls(), stmt, params)
}

/// The upload with this id, where the scope reaches it.
pub fn by_id(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &UploadId,
) -> Result<Option<Upload>, Error> {
    let stmt = sql!(
        "select operator_id, id, purpose, state, file_name, size, digest, scanner, finding,
           received_at_ms
         from upload where operator_id = ?1 and id = ?2"
    );
    first(tx.query(&reach.rls(), stmt, params![operator.as_str(), id.as_str()])?)
        .map(|row| upload(&row))
        .transpose()
}

fn upload(row: &Row) -> Result<Upload, Error> {
    Ok(Upload {
        operator: OperatorId::from_store(row.text("operator_id")?),
        id: UploadId::from_store(row.text("id")?),
        purpose: Purpose::from_store(&row.text("purpose")?)?,
        state: State::from_store(&row.text("state")?)?,
        file_name: row.text("file_name")?,
        size: row.int("size")?,
        digest: row.text("digest")?,
        scanner: row.text("scanner")?,
        finding: row.text("finding")?,
        received: Millis(row.int("received_at_ms")?),
    })
}

/// Keeps the `seq`-th piece of an upload's bytes.
pub fn insert_chunk(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &UploadId,
    seq: i64,
    bytes: &[u8],
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into upload_chunk (operator_id, upload_id, seq, bytes) values (?1, ?2, ?3, ?4)"
    );
    let bytes = storage::Value::Bytes(bytes.to_vec());
    let params = [
        operator.as_str().into(),
        id.as_str().into(),
        seq.into(),
        bytes,
    ];
    tx.execute(&reach.rls(), stmt, &params)?;
    Ok(())
}

/// The `seq`-th piece of an upload's bytes.
pub fn chunk(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &UploadId,
    seq: i64,
) -> Result<Option<Vec<u8>>, Error> {
    let stmt = sql!(
        "select bytes from upload_chunk where operator_id = ?1 and upload_id = ?2 and seq = ?3"
    );
    let params = params![operator.as_str(), id.as_str(), seq];
    first(tx.query(&reach.rls(), stmt, params)?)
        .map(|row| row.bytes("bytes"))
        .transpose()
}

/// Forgets the pieces of an upload.
pub fn delete_chunks(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &UploadId,
) -> Result<u64, Error> {
    let stmt = sql!("delete from upload_chunk where operator_id = ?1 and upload_id = ?2");
    tx.execute(&reach.rls(), stmt, params![operator.as_str(), id.as_str()])
}

/// Forgets an upload: its bytes are kept no longer.
pub fn delete(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &UploadId,
) -> Result<u64, Error> {
    let stmt = sql!("delete from upload where operator_id = ?1 and id = ?2");
    tx.execute(&reach.rls(), stmt, params![operator.as_str(), id.as_str()])
}

/// Uploads whose bytes must be kept, by id after `after`, at most `limit`.
pub fn list_kept(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    after: &str,
    limit: i64,
) -> Result<Vec<UploadId>, Error> {
    let stmt =
        sql!("select id from upload where state <> 'refused' and id > ?1 order by id limit ?2");
    tx.query(&scope.rls(), stmt, params![after, limit])?
        .iter()
        .map(|row| row.text("id").map(UploadId::from_store))
        .collect()
}

/// Pieces that no kept upload names: whose, and of which; at most `limit`.
pub fn list_orphans(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    limit: i64,
) -> Result<Vec<(OperatorId, UploadId)>, Error> {
    let stmt = sql!(
        "select c.operator_id, c.upload_id from upload_chunk c
         where c.seq = 0 and not exists (
           select 1 from upload u
           where u.operator_id = c.operator_id and u.id = c.upload_id and u.state <> 'refused')
         order by c.operator_id, c.upload_id limit ?1"
    );
    tx.query(&scope.rls(), stmt, params![limit])?
        .iter()
        .map(|row| {
            Ok((
                OperatorId::from_store(row.text("operator_id")?),
                UploadId::from_store(row.text("upload_id")?),
            ))
        })
        .collect()
}
