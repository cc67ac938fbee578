//! Files of lots that are refused, whole: what receives them and what only looks at them are tried
//! on the same.

/// Each file with a part of what is said of it.
#[must_use]
pub fn hostile() -> Vec<(Vec<u8>, &'static str)> {
    let lines = |count: usize| format!("Adresse\n{}", "x\n".repeat(count)).into_bytes();
    let text = |text: String| text.into_bytes();
    vec![
        (b"Adresse\nx\0y\n".to_vec(), "octet nul"),
        (
            text(format!("Adresse\n{}", "x".repeat(5_000))),
            "trop longue",
        ),
        (text("x".repeat(200_000)), "trop longue"),
        (lines(50_001), "lignes"),
        (lines(60_000), "lignes"),
        (
            text(format!("Adresse{}\n", ";".repeat(200))),
            "trop de colonnes",
        ),
        (
            text(format!("Adresse;Etage\n\"x;1\n{}", "b;2\n".repeat(3_000))),
            "guillemet",
        ),
        (Vec::new(), "vide"),
        (b"Adresse\n".to_vec(), "aucune ligne"),
        (
            b"Etage;ReferenceClient\n1;A\n".to_vec(),
            "CodeAdresseImmeuble",
        ),
        (b"Adresse;adresse\nx;y\n".to_vec(), "deux fois"),
        (b"Adresse\n\x81\x8d\n".to_vec(), "Windows-1252"),
        (b"\xff\xfeA\0d\0r\0e\0s\0s\0e\0\n\0".to_vec(), "octet nul"),
    ]
}
