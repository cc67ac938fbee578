//! The contracts, and what each operation says of itself: read from the declarations, the WSDL and
//! the XSD, so that nothing here can differ from what is answered.

use axum::http::StatusCode;
use domain::call::rules::{Side, is_masked};
use domain::order::FIELDS;
use service_api::{EService, PageCall, PageError, PageResult, Repeat, XmlOperation, XmlService};
use soap::Element;

use crate::pages::{
    CodeRow, Contracts, FieldRow, Home, Message, Operation, OperationLink, ServiceCard,
};
use crate::{labels, published};

/// The operation whose example begins a partner's first day.
const FIRST_CALL: &str = "testerEligibilite";
/// The operation whose message holds the fields of an order.
const ORDER: &str = "deposerCommande";

pub(crate) async fn home(call: PageCall) -> PageResult {
    let first = published().find_map(|(_, xml)| {
        let operation = xml.operations.iter().find(|op| op.element == FIRST_CALL)?;
        Some((xml, operation))
    });
    let sample = first.and_then(|(xml, operation)| xml.contract.example(operation.element));
    let service = first.map_or("", |(xml, _)| xml.contract.service);
    let page = Home {
        shell: call.shell(labels::TITLE),
        services: cards(&call),
        curl: curl(&call, service),
        sample: sample.unwrap_or_default(),
    };
    Ok(web::page(StatusCode::OK, &page))
}

pub(crate) async fn contracts(call: PageCall) -> PageResult {
    let page = Contracts {
        shell: call
            .shell(labels::CONTRACTS)
            .under(labels::TITLE, "/developpeurs"),
        services: cards(&call),
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn cards(call: &PageCall) -> Vec<ServiceCard> {
    published()
        .map(|(service, xml)| card(call, service, xml))
        .collect()
}

fn card(call: &PageCall, service: &'static EService, xml: &'static XmlService) -> ServiceCard {
    let contract = xml.contract;
    let link = |operation: &'static XmlOperation| OperationLink {
        element: operation.element,
        href: href(contract.service, operation.element),
        summary: contract.documentation(operation.element),
        changes: !matches!(operation.repeat, Repeat::ReadOnly),
    };
    ServiceCard {
        name: contract.service,
        title: service.title,
        namespace: contract.namespace,
        version: version(contract.namespace),
        url: url(call, contract.service),
        files: files(call, contract.service),
        operations: xml.operations.iter().map(link).collect(),
    }
}

/// A contract's version is the last part of its namespace.
fn version(namespace: &str) -> String {
    let last = namespace.rsplit(':').next();
    last.unwrap_or_default().to_owned()
}

/// The page of an operation.
pub(crate) fn href(service: &str, element: &str) -> String {
    format!("/developpeurs/operations/{service}/{element}")
}

fn url(call: &PageCall, service: &str) -> String {
    format!("{}/ws/{service}", call.site.xml_url)
}

/// The files of a contract that the portal offers.
fn files(call: &PageCall, service: &str) -> Vec<(String, &'static str)> {
    let all = [
        (format!("{service}.wsdl"), "WSDL"),
        (format!("{service}.xsd"), "XSD"),
        (format!("{service}.zip"), "ZIP"),
    ];
    let offered = |name: &str| call.site.contracts.iter().any(|(known, _)| known == name);
    let kept = all.into_iter().filter(|(name, _)| offered(name));
    kept.collect()
}

fn curl(call: &PageCall, service: &str) -> String {
    format!(
        "curl --cert client.pem --key client.key --cacert ca.pem \\\n  \
         --header 'Content-Type: text/xml; charset=utf-8' \\\n  \
         --data-binary @demande.xml {}",
        url(call, service)
    )
}

pub(crate) async fn operation(call: PageCall) -> PageResult {
    let (service, element) = (call.param("service"), call.param("operation"));
    let found = published().find_map(|(owner, xml)| {
        let named = xml.contract.service == service;
        let mut operations = xml.operations.iter().filter(|_| named);
        let operation = operations.find(|operation| operation.element == element)?;
        Some((owner, xml, operation))
    });
    let Some((owner, xml, operation)) = found else {
        return Err(PageError::NotFound);
    };
    let contract = xml.contract;
    let permission = operation.permission;
    let subscription = match permission.subscribed {
        true => labels::subscribed(&permission.to_string(), owner.title),
        false => permission.to_string(),
    };
    let answer = format!("{}Reponse", operation.element);
    let shell = call
        .shell(operation.element)
        .under(labels::TITLE, "/developpeurs")
        .under(labels::CONTRACTS, "/developpeurs/contrats");
    let page = Operation {
        shell,
        service: contract.service,
        element: operation.element,
        summary: contract.documentation(operation.element),
        facts: vec![
            (labels::facts::ADDRESS, url(&call, contract.service)),
            (
                labels::facts::ACTION,
                format!("{}/{}", contract.namespace, operation.element),
            ),
            (labels::facts::PERMISSION, subscription),
            (
                labels::facts::REPEAT,
                labels::repeat(operation.repeat).to_owned(),
            ),
            (labels::facts::AUDIT, labels::audit(operation.audit)),
        ],
        messages: vec![
            message(xml, labels::REQUEST, operation.element),
            message(xml, labels::ANSWER, &answer),
        ],
        curl: curl(&call, contract.service),
        codes: operation
            .codes()
            .into_iter()
            .map(|(row, fault)| CodeRow { row, fault })
            .collect(),
        files: files(&call, contract.service),
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn message(xml: &XmlService, (id, title): (&'static str, &'static str), element: &str) -> Message {
    let row = |field: Element| FieldRow {
        indent: "\u{2003}".repeat(field.depth),
        words: labels::words(&field.name),
        kind: labels::kind(&field),
        bounds: bounds(&field, element),
        cardinality: labels::cardinality(&field),
        masked: is_masked(&field.name, Side::Answer),
        name: field.name,
    };
    let fields = xml.contract.describe(element).into_iter().map(row);
    Message {
        id,
        title,
        sample: xml.contract.example(element).unwrap_or_default(),
        fields: fields.collect(),
    }
}

/// What bounds a value: the schema, and for the fields of an order the order's own control, which
/// answers a code where the schema would be a Fault.
fn bounds(field: &Element, message: &str) -> String {
    let own = FIELDS.iter().find(|known| known.name == field.name);
    match own.filter(|_| message == ORDER) {
        Some(known) => labels::characters(known.max),
        None => labels::bounds(field),
    }
}
