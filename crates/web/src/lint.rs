//! What every page must respect, checked on its HTML. For tests: they render a page and expect no
//! fault.

use std::collections::BTreeSet;

/// Bytes of a page at most.
pub const PAGE_BYTES_MAX: usize = 40 * 1024;

/// The faults of a page: too long, several titles, anything inline that the policy would block,
/// an id used twice, a reference to an id that is not there.
#[must_use]
pub fn faults(html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if html.len() > PAGE_BYTES_MAX {
        faults.push(format!("{} bytes", html.len()));
    }
    for (text, expected) in [("<h1", 1), ("<main", 1), ("<title>", 1), ("lang=\"fr\"", 1)] {
        let found = html.matches(text).count();
        if found != expected {
            faults.push(format!("{found} times {text}"));
        }
    }
    for inline in [
        " style=",
        "<style",
        " onclick=",
        "javascript:",
        "<script>",
        "http://",
    ] {
        // The SVG and SOAP namespaces are addresses that nothing is fetched from.
        if html
            .replace("http://schemas.xmlsoap.org/", "")
            .contains(inline)
        {
            faults.push(format!("holds {inline}"));
        }
    }
    faults.extend(reference_faults(html));
    faults.extend(icon_faults(html));
    faults
}

fn icon_faults(html: &str) -> Vec<String> {
    let Some((_, sprite)) = crate::assets::files().find(|(name, _)| name == "icons.svg") else {
        return vec!["there is no icons.svg".to_owned()];
    };
    let sprite = String::from_utf8_lossy(&sprite);
    let used: BTreeSet<_> = attributes(html, "href")
        .filter_map(|href| href.split_once("icons.svg#"))
        .map(|(_, icon)| icon)
        .collect();
    let absent = used
        .iter()
        .filter(|icon| !sprite.contains(&format!("id=\"{icon}\"")));
    absent.map(|icon| format!("no icon {icon}")).collect()
}

fn reference_faults(html: &str) -> Vec<String> {
    let mut ids = BTreeSet::new();
    let mut faults = Vec::new();
    for id in attributes(html, "id") {
        if !ids.insert(id) {
            faults.push(format!("id {id} twice"));
        }
    }
    for name in [
        "for",
        "aria-describedby",
        "aria-labelledby",
        "popovertarget",
    ] {
        for id in attributes(html, name).flat_map(str::split_whitespace) {
            if !ids.contains(id) {
                faults.push(format!("{name} names {id}, which is not there"));
            }
        }
    }
    for href in attributes(html, "href").filter_map(|href| href.strip_prefix('#')) {
        if !ids.contains(href) {
            faults.push(format!("a link leads to #{href}, which is not there"));
        }
    }
    faults
}

fn attributes<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let opening = format!(" {name}=\"");
    let starts: Vec<usize> = html.match_indices(&opening).map(|(i, _)| i).collect();
    let length = opening.len();
    starts.into_iter().filter_map(move |start| {
        let rest = &html[start + length..];
        rest.find('"').map(|end| &rest[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_page_has_no_fault_and_each_fault_is_seen() {
        let sound = r#"<html lang="fr"><title>t</title><main><h1>x</h1><p id="a"></p></main>"#;
        assert!(faults(sound).is_empty());
        for (planted, seen) in [
            ("<h1>y</h1>", "2 times <h1"),
            (r#"<b style="x">"#, "holds  style="),
            (r#"<i id="a">"#, "id a twice"),
            (r#"<label for="b">"#, "for names b, which is not there"),
            (
                r##"<a href="#c">"##,
                "a link leads to #c, which is not there",
            ),
        ] {
            assert_eq!(faults(&format!("{sound}{planted}")), [seen]);
        }
    }
}
