//! What a form shows again: the values that were typed, and what is wrong with them. Fields are
//! named as the trade names them, so that a refusal finds its field by itself.

use kernel::Refusal;

use crate::RefusalView;

/// What is wrong with one field.
#[derive(Clone, Debug)]
pub struct FieldError {
    /// Name of the field; empty when the error is about the whole form.
    pub field: String,
    /// What to say, in French.
    pub message: String,
    /// The refusal behind it, when there is one: the summary adds its code and its remedy.
    pub refusal: Option<RefusalView>,
}

/// One form on one page.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The session's token, sent back in the field `csrf`.
    pub csrf: String,
    /// Key of this very submission, sent back in the field `cle`: twice the same is done once.
    pub idempotency_key: String,
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl Form {
    /// An empty form.
    #[must_use]
    pub fn new(csrf: impl Into<String>, idempotency_key: impl Into<String>) -> Self {
        Self {
            csrf: csrf.into(),
            idempotency_key: idempotency_key.into(),
            ..Self::default()
        }
    }

    /// The same form holding what was typed, or what a link prefilled.
    #[must_use]
    pub fn with_values(mut self, values: Vec<(String, String)>) -> Self {
        self.values = values;
        self
    }

    /// Sets one value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.retain(|(known, _)| known != name);
        self.values.push((name.to_owned(), value.into()));
    }

    /// The value of a field, trimmed; empty when absent.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Whether a choice is the one taken.
    #[must_use]
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    /// Says that a field is wrong.
    pub fn reject(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError {
            field: field.to_owned(),
            message: message.into(),
            refusal: None,
        });
    }

    /// Puts a refusal beside the field it is about, which therefore is not named again.
    pub fn refuse(&mut self, refusal: &Refusal) {
        let view = RefusalView::from(refusal);
        self.errors.push(FieldError {
            field: refusal.field.clone().unwrap_or_default(),
            message: view.message.clone(),
            refusal: Some(view),
        });
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&FieldError> {
        self.errors.iter().find(|error| error.field == name)
    }

    /// Everything that is wrong, for the summary.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::codes;

    #[test]
    fn a_refusal_lands_on_the_field_it_names_and_values_are_kept() {
        let typed = vec![("ReferencePrise".to_owned(), " F2-1 ".to_owned())];
        let mut form = Form::new("t", "k").with_values(typed);
        form.refuse(&Refusal::new(&codes::FIMP02).on("ReferencePrise"));
        assert_eq!(form.value("ReferencePrise"), "F2-1");
        assert_eq!(form.value("NomClient"), "");
        let error = form.error("ReferencePrise").unwrap();
        assert_eq!(error.refusal.as_ref().unwrap().code, "FIMP02");
        assert!(form.error("NomClient").is_none());
    }
}
