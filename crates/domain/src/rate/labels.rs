//! French texts of rate limits.

/// When to ask again.
#[must_use]
pub fn wait(seconds: i64) -> String {
    let unit = if seconds > 1 { "secondes" } else { "seconde" };
    format!("recommencez dans {seconds} {unit}")
}

/// The same, beside a code that does not say why.
#[must_use]
pub fn too_often(seconds: i64) -> String {
    format!("seuil de saturation atteint, {}", wait(seconds))
}
