//! The edges as this program wires them: what each router is given, how it learns who calls, how
//! mails leave.

use std::io::{Cursor, Write as _};
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::http::Extensions;
use domain::Platform;
use kernel::{Fault, OperatorId};
use mail::{Template, Transport};
use service_api::{EService, XmlService};
use soap::server::ClientCertificate;
use web::server::{Portal, Remote, Site};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::config::{Config, MailRoute};
use crate::listen::Peer;

/// How mails leave.
pub struct Post {
    transport: Transport,
    templates: Vec<Template>,
    from: String,
}

impl Post {
    /// As configured, with the mails of `services`.
    ///
    /// # Errors
    /// The mail server's URL is malformed.
    pub fn new(config: &Config, services: &[&'static EService]) -> Result<Self> {
        let transport = match &config.mail {
            MailRoute::Smtp(url) => Transport::smtp(url)?,
            MailRoute::Folder(dir) => Transport::folder(dir),
        };
        Ok(Self::through(transport, services, &config.mail_from))
    }

    /// Through `transport`, from the address `from`, with the mails of `services`.
    #[must_use]
    pub fn through(transport: Transport, services: &[&'static EService], from: &str) -> Self {
        let templates = services.iter().flat_map(|service| service.mails);
        let template = |mail: &service_api::MailTemplate| Template {
            name: mail.name,
            subject: mail.subject,
            text: mail.text,
        };
        let templates = templates.map(template).collect();
        Self {
            transport,
            templates,
            from: from.to_owned(),
        }
    }

    /// Sends what is due; how many messages there were.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn send_due(
        &self,
        platform: &Platform,
        provider: &OperatorId,
    ) -> Result<usize, Fault> {
        let Self {
            transport,
            templates,
            from,
        } = self;
        mail::send_due(platform, provider, transport, templates, from).await
    }
}

/// The XML web services of `services`.
#[must_use]
pub fn xml_services(services: &[&'static EService]) -> Vec<&'static XmlService> {
    services.iter().filter_map(|service| service.xml).collect()
}

/// The portal, with the pages of `services`.
pub fn portal(platform: &Arc<Platform>, services: &[&'static EService], site: Site) -> Router {
    developers::publish(services);
    let routes = services.iter().flat_map(|service| service.routes).collect();
    web::server::router(Portal {
        platform: Arc::clone(platform),
        site,
        routes,
    })
}

/// The contract files that the portal offers, as they are served at `xml_url`: each of them, an
/// archive for each service with examples of its messages, and one of everything.
///
/// # Errors
/// An archive cannot be made.
pub fn contracts(services: &[&'static EService], xml_url: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let (mut files, mut archives, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for service in xml_services(services) {
        let name = service.contract.service;
        let location = format!("{xml_url}/ws/{name}");
        let mut own = Vec::new();
        for file in [
            format!("{name}.wsdl"),
            format!("{name}.xsd"),
            "commun.xsd".to_owned(),
        ] {
            if let Some(text) = service.contract.file(&file, &location) {
                own.push((file, text.into_bytes()));
            }
        }
        for (file, content) in &own {
            if !files.iter().any(|(known, _)| known == file) {
                files.push((file.clone(), content.clone()));
                all.push((file.clone(), content.clone()));
            }
        }
        for operation in service.operations {
            let element = operation.element;
            for message in [element.to_owned(), format!("{element}Reponse")] {
                if let Some(text) = service.contract.example(&message) {
                    own.push((format!("exemples/{message}.xml"), text.clone().into_bytes()));
                    all.push((format!("exemples/{message}.xml"), text.into_bytes()));
                }
            }
        }
        archives.push((format!("{name}.zip"), archive(&own)?));
    }
    archives.push(("contrats.zip".to_owned(), archive(&all)?));
    files.extend(archives);
    Ok(files)
}

fn archive(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(content)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Tells the portal who calls.
pub fn stamp_portal(extensions: &mut Extensions, peer: &Peer) {
    extensions.insert(Remote(peer.remote));
}

/// Tells the XML web services who calls.
pub fn stamp_xml(extensions: &mut Extensions, peer: &Peer) {
    extensions.insert(Remote(peer.remote));
    extensions.insert(ClientCertificate(peer.certificate.clone()));
}
