//! Forms that carry files. Fields come first, the session's token among them, so that a form that
//! is not ours is refused before a byte of its files is kept; the files then go straight into the
//! quarantine, piece by piece.

use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use domain::Platform;
use domain::access::Ctx;
use domain::upload::{Purpose, Receiver, Upload, UploadError};
use kernel::{Fault, Refusal};
use multer::{Field, Multipart};

use crate::server::{FIELDS_MAX, FORM_MAX_BYTES};

/// Files of one form at most: those of a GraceTHD folder, and room.
pub const FILES_MAX: usize = 60;

/// The fields of a form, in order.
pub type Fields = Vec<(String, String)>;
/// A form that was read: its fields, its files or the refusal of one.
pub type Sent = (Fields, Result<Vec<Upload>, Refusal>);

/// Why a form was not read.
#[derive(Debug)]
pub enum Unread {
    /// It is malformed or too large.
    Status(StatusCode),
    /// It was not sent from one of our pages.
    Foreign,
    /// The platform is broken.
    Broken(Fault),
}

impl From<multer::Error> for Unread {
    fn from(_: multer::Error) -> Self {
        Self::Status(StatusCode::BAD_REQUEST)
    }
}

/// Reads a form of several parts; `ours` says of its fields whether it is one of ours, and is asked
/// before the first file.
pub async fn receive(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    purpose: Purpose,
    body: Body,
    boundary: String,
    ours: impl Fn(&Fields) -> bool,
) -> Result<Sent, Unread> {
    let mut parts = Multipart::new(body.into_data_stream(), boundary);
    let (mut fields, mut files, mut room) = (Fields::new(), Vec::new(), FORM_MAX_BYTES);
    let mut admitted = false;
    while let Some(part) = parts.next_field().await? {
        if fields.len() + files.len() >= FIELDS_MAX {
            return Err(Unread::Status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let Some(file_name) = part.file_name().map(str::to_owned) else {
            let value = text(part, &mut room).await?;
            fields.push((name, value));
            continue;
        };
        // A browser sends an empty part for a file that was not chosen.
        if file_name.is_empty() {
            continue;
        }
        admitted = admitted || ours(&fields);
        if !admitted {
            return Err(Unread::Foreign);
        }
        if files.len() == FILES_MAX {
            return Err(Unread::Status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        match keep(platform, ctx, purpose, &file_name, part).await? {
            Ok(upload) => files.push(upload),
            // The rest of the body is not read: nobody would look at it.
            Err(refusal) => return Ok((fields, Err(refusal.on(&name)))),
        }
    }
    if !admitted && !ours(&fields) {
        return Err(Unread::Foreign);
    }
    Ok((fields, Ok(files)))
}

async fn text(mut part: Field<'_>, room: &mut usize) -> Result<String, Unread> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.chunk().await? {
        *room = room
            .checked_sub(piece.len())
            .ok_or(Unread::Status(StatusCode::PAYLOAD_TOO_LARGE))?;
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| Unread::Status(StatusCode::BAD_REQUEST))
}

async fn keep(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    purpose: Purpose,
    name: &str,
    mut part: Field<'_>,
) -> Result<Result<Upload, Refusal>, Unread> {
    let kept = async {
        let mut receiver = Receiver::begin(platform, ctx, purpose, name)?;
        loop {
            match part.chunk().await {
                Ok(Some(piece)) => receiver.push(&piece).await?,
                Ok(None) => return Ok(Ok(receiver.finish().await?)),
                Err(error) => return Ok(Err(Unread::from(error))),
            }
        }
    };
    match kept.await {
        Ok(Ok(upload)) => Ok(Ok(upload)),
        Ok(Err(unread)) => Err(unread),
        Err(UploadError::Refused(refusal)) => Ok(Err(refusal)),
        Err(UploadError::Fault(fault)) => Err(Unread::Broken(fault)),
    }
}
