//! From a template and a message's values to a mail that is the same, byte for byte, at each try.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::outbox::Leased;
use kernel::Millis;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use crate::Error;

/// A mail's subject and text, with `{{placeholders}}`.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its name in outbox messages.
    pub name: &'static str,
    /// The subject: never personal data (trust P1).
    pub subject: &'static str,
    /// The text, paragraphs apart by empty lines.
    pub text: &'static str,
}

/// A mail ready to leave.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its id in the outbox, stable over retries; the left half of its `Message-ID`.
    pub id: String,
    /// Whom it goes to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text; the HTML part says the same.
    pub text: String,
    pub(crate) message: lettre::Message,
}

impl Mail {
    /// The whole mail as it is sent or stored in an `.eml` file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.message.formatted()
    }
}

/// Renders `leased` by `template`, sent from `from` (`Name <address>` or an address).
///
/// # Errors
/// A value is missing, an address is malformed, or the subject would hold a control character.
pub fn render(template: &Template, leased: &Leased, from: &str) -> Result<Mail, Error> {
    let values = &leased.message.values;
    let subject = fill(template, template.subject.trim(), values)?;
    if subject.chars().any(char::is_control) {
        return Err(Error::ControlCharacter(template.name));
    }
    let text = fill(template, template.text, values)?;
    let id = leased.id.to_string();
    let from = mailbox(from, "sender")?;
    let to = mailbox(&leased.message.recipient, "recipient")?;
    let host = from.email.domain().to_owned();
    let parts = MultiPart::alternative()
        .boundary(format!("part_{id}"))
        .singlepart(SinglePart::plain(text.clone()))
        .singlepart(SinglePart::html(html(&text)));
    let message = lettre::Message::builder()
        .from(from)
        .to(to)
        .subject(subject.clone())
        .date(instant(leased.created))
        .message_id(Some(format!("<{id}@{host}>")))
        .raw_header(automatic())
        .multipart(parts)?;
    Ok(Mail {
        id,
        to: leased.message.recipient.clone(),
        subject,
        text,
        message,
    })
}

/// Replaces each placeholder once; what a value says is never read as a placeholder.
fn fill(
    template: &Template,
    text: &str,
    values: &BTreeMap<String, String>,
) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after
            .split_once("}}")
            .ok_or(Error::OpenPlaceholder(template.name))?;
        let name = name.trim();
        let value = values.get(name).ok_or_else(|| Error::MissingValue {
            template: template.name,
            value: name.to_owned(),
        })?;
        out.push_str(before);
        out.push_str(value);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn mailbox(text: &str, whose: &'static str) -> Result<Mailbox, Error> {
    text.parse().map_err(|_| Error::Address(whose))
}

/// When the message was written, real time; a machine's clock before 1970 gives 1970.
fn instant(at: Millis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}

/// Tells out-of-office robots not to answer (RFC 3834).
fn automatic() -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    HeaderValue::new(name, "auto-generated".to_owned())
}

/// The text as HTML: escaped, a paragraph where there was an empty line.
fn html(text: &str) -> String {
    let mut body = String::new();
    for paragraph in text.trim().split("\n\n") {
        body.push_str("<p>");
        body.push_str(&escape(paragraph.trim()).replace('\n', "<br>\n"));
        body.push_str("</p>\n");
    }
    format!(
        "<!doctype html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\"></head>\n\
         <body>\n{body}</body></html>\n"
    )
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::outbox::Message;
    use kernel::{OperatorId, OutboxId};

    const TEMPLATE: Template = Template {
        name: "essai",
        subject: "Commande {{reference}} : reçue\n",
        text: "Bonjour,\n\nCommande {{ reference }}.\nMotif : {{libelle}}\n",
    };

    fn leased(recipient: &str, values: &[(&str, &str)]) -> Leased {
        let values = values
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Leased {
            operator: OperatorId::from_store("opr_1".to_owned()),
            id: OutboxId::from_store("out_0123".to_owned()),
            message: Message {
                template: "essai".to_owned(),
                recipient: recipient.to_owned(),
                values: values.collect(),
            },
            attempts: 0,
            created: Millis(1_795_421_640_000),
            token: "t".to_owned(),
        }
    }

    fn values() -> [(&'static str, &'static str); 2] {
        [("reference", "HT-1"), ("libelle", "<b> & {{reference}}")]
    }

    #[test]
    fn a_mail_is_the_same_at_each_try_and_says_that_nobody_wrote_it() {
        let from = "Épissure <portail@f2v.example>";
        let make = || render(&TEMPLATE, &leased("a@b.example", &values()), from).unwrap();
        let bytes = make().bytes();
        assert_eq!(bytes, make().bytes());
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.contains("Message-ID: <out_0123@f2v.example>\r\n"),
            "{text}"
        );
        assert!(
            text.contains("Auto-Submitted: auto-generated\r\n"),
            "{text}"
        );
        assert!(text.contains("To: a@b.example\r\n"), "{text}");
        assert!(text.contains("Date: Mon, 23 Nov 2026 "), "{text}");
    }

    #[test]
    fn a_value_is_neither_markup_nor_a_placeholder() {
        let mail = render(&TEMPLATE, &leased("a@b.example", &values()), "p@f.example").unwrap();
        assert_eq!(mail.subject, "Commande HT-1 : reçue");
        assert!(
            mail.text
                .ends_with("Commande HT-1.\nMotif : <b> & {{reference}}\n")
        );
        let page = html(&mail.text);
        assert!(page.contains("<p>Commande HT-1.<br>\nMotif : &lt;b&gt; &amp; {{reference}}</p>"));
    }

    #[test]
    fn a_missing_value_or_an_open_placeholder_is_refused() {
        let one = leased("a@b.example", &values()[..1]);
        let error = render(&TEMPLATE, &one, "p@f.example").unwrap_err();
        assert_eq!(error.to_string(), "template essai wants libelle");
        let open = Template {
            text: "a {{reference",
            ..TEMPLATE
        };
        let error = render(&open, &one, "p@f.example").unwrap_err();
        assert_eq!(error.to_string(), "template essai has an open placeholder");
    }

    #[test]
    fn no_value_and_no_address_can_add_a_header() {
        let split = [("reference", "HT-1\r\nBcc: x@y.example"), ("libelle", "")];
        let error = render(&TEMPLATE, &leased("a@b.example", &split), "p@f.example").unwrap_err();
        assert!(matches!(error, Error::ControlCharacter("essai")));
        for bad in [
            "a@b.example\r\nBcc: x@y.example",
            "a@b.example, x@y.example",
            "a",
            "",
        ] {
            let error = render(&TEMPLATE, &leased(bad, &values()), "p@f.example").unwrap_err();
            assert!(
                matches!(error, Error::Address("recipient")),
                "{bad:?}: {error}"
            );
        }
    }
}
