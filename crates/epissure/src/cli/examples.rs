//! Examples at the end of each command's help.

/// Examples at the end of the help of a command; a test parses each of them.
pub fn examples(path: &str) -> &'static [&'static str] {
    match path {
        "init" => &[
            "init --name 'Fibre du Bocage' --code F2V --login exploitation@f2v.example",
            "init --data /srv/epissure --name F2V --code F2V --login nuit@f2v.example",
            "init --name F2V --code F2V --login a@f2v.example --person Ana --pto-prefix F2",
        ],
        "serve" => &[
            "serve",
            "serve --data /srv/epissure",
            "serve --config /etc/epissure/epissure.toml --portal-port 443",
        ],
        "demo" => &[
            "demo",
            "demo --reset",
            "demo --data /tmp/demo --portal-port 9443",
        ],
        "demo clock" => &[
            "demo clock +3d",
            "demo clock +5h",
            "demo clock +1w --data /tmp/demo",
        ],
        "check" => &[
            "check",
            "check --data /srv/epissure",
            "check --config ./epissure.toml",
        ],
        "config show" => &[
            "config show",
            "config show --effective --output json",
            "config show --config ./epissure.toml",
        ],
        "operator add" => &[
            "operator add HIRO --name 'Hirondelle' --email si@hirondelle.example",
            "operator add LINB --name 'Lin Bleu' --email si@linbleu.example --siren 380129866",
            "operator add FREE --name Free --email si@free.example --reason 'convention 12'",
        ],
        "operator list" => &[
            "operator list",
            "operator list --output json",
            "operator list --data /srv/epissure",
        ],
        "operator suspend" => &[
            "operator suspend HIRO --reason 'incident 42'",
            "operator suspend LINB",
            "operator suspend HIRO --data /srv/epissure",
        ],
        "operator resume" => &[
            "operator resume HIRO --reason 'incident 42 closed'",
            "operator resume LINB",
            "operator resume HIRO --data /srv/epissure",
        ],
        "contract add" => &[
            "contract add HIRO CO-2026-001",
            "contract add HIRO CO-2026-001 --offer ACCES_FTTH",
            "contract add LINB 'avenant 3' --reason 'signature 2026-03-02'",
        ],
        "subscribe" => &[
            "subscribe HIRO eligibilite",
            "subscribe HIRO eligibilite fci",
            "subscribe LINB fci --reason 'bon de commande 7'",
        ],
        "account add" => &[
            "account add HIRO agent@hirondelle.example --name 'Ana Ruiz'",
            "account add HIRO admin@hirondelle.example --name 'Li Na' --profile administrateur",
            "account add F2V soutien@f2v.example --name 'Le Goff' --output json",
        ],
        "account list" => &[
            "account list HIRO",
            "account list HIRO --output csv",
            "account list F2V --reason 'yearly review'",
        ],
        "account disable" => &[
            "account disable agent@hirondelle.example",
            "account disable agent@hirondelle.example --reason 'left the company'",
            "account disable agent@linbleu.example --data /srv/epissure",
        ],
        "cert add" => &[
            "cert add HIRO hirondelle.pem --responsible 'Ana Ruiz'",
            "cert add HIRO si.pem --responsible 'Ana Ruiz' --label 'SI commandes'",
            "cert add LINB linbleu.pem --responsible 'Li Na' --output json",
        ],
        "cert list" => &[
            "cert list HIRO",
            "cert list HIRO --output json",
            "cert list LINB --data /srv/epissure",
        ],
        "cert revoke" => &[
            "cert revoke 3f9c --reason 'key lost'",
            "cert revoke 3F:9C",
            "cert revoke 3f9c --data /srv/epissure",
        ],
        "cert make" => &[
            "cert make hirondelle",
            "cert make hirondelle --dir /tmp/acces",
            "cert make linbleu --dir .",
        ],
        "backup create" => &[
            "backup create --to /srv/backups",
            "backup create --to ./before-upgrade.zip --reason 'version 0.2'",
            "backup create --data /srv/epissure --output json",
        ],
        "backup verify" => &[
            "backup verify epissure-20261123T043000Z.zip",
            "backup verify /srv/backups/night.zip --output json",
            "backup verify night.zip --data /srv/epissure",
        ],
        "restore" => &[
            "restore night.zip --data /srv/epissure",
            "restore night.zip --force --reason 'disk lost'",
            "restore /srv/backups/night.zip --data /tmp/drill",
        ],
        "search" => &[
            "search 12 bis rue des tilleuls laval",
            "search --output json '+33 2 43 00 00 00'",
            "search --jsonl",
        ],
        "xml validate" => &[
            "xml validate demande.xml",
            "xml validate commandes.csv --output json",
            "xml validate lot.csv --lot",
            "xml validate -",
        ],
        "doctor" => &[
            "doctor",
            "doctor --full --json",
            "doctor --data /srv/epissure",
        ],
        "bench" => &[
            "bench --quick",
            "bench --only http --json figures.json",
            "bench --full --data /srv/bench",
        ],
        "import" => &[
            "import ipe IPE_20260301.csv --dry-run",
            "import fibres fibres.csv --extracted-at 2026-03-01 --approve",
            "import prises PRISES_20260301.csv --report rejects.csv",
        ],
        "release list" => &[
            "release list",
            "release list --output json",
            "release list --data /srv/epissure",
        ],
        "release show" => &[
            "release show 12",
            "release show 12 --output json",
            "release show 12 --data /srv/epissure",
        ],
        "release approve" => &[
            "release approve 12",
            "release approve 12 --reason 'checked on 3 March'",
            "release approve 12 --output json",
        ],
        "release roll-back" => &[
            "release roll-back 12 --reason 'file cut short'",
            "release roll-back 12 --reason 'incident 42' --output json",
            "release roll-back 12 --reason drill --data /srv/epissure",
        ],
        "release diff" => &[
            "release diff 12",
            "release diff 12 --orders --json",
            "release diff 12 --csv version-12.csv",
        ],
        "freeze building" => &[
            "freeze building IMB/53130/X/001A --reason 'travaux en colonne' --until 2026-12-13",
            "freeze building IMB/53130/X/001A --reason 'litige' --from 2026-12-01 --internal",
            "freeze building IMB/53130/X/001A --lift",
        ],
        "freeze pm" => &[
            "freeze pm FI-53130-0001 --reason 'nouvelle armoire' --until 2026-12-13",
            "freeze pm FI-53130-0001 --reason 'audit' --internal",
            "freeze pm FI-53130-0001 --lift",
        ],
        "freeze list" => &[
            "freeze list",
            "freeze list --all",
            "freeze list --output csv",
        ],
        "setting list" => &[
            "setting list",
            "setting list --output json",
            "setting list --data /srv/epissure",
        ],
        "setting set" => &[
            "setting set reference.four_eyes always",
            "setting set reference.ipe_columns 'IdentifiantImmeuble;EtatImmeuble;ReferencePM'",
            "setting set reference.ipe_columns",
        ],
        "audit verify" => &[
            "audit verify",
            "audit verify --json",
            "audit verify --data /srv/epissure",
        ],
        "order show" => &[
            "order show CMD-1 --operator HIRO",
            "order show CMD-1 --operator HIRO --output json",
            "order show FI-1 --operator LINB --data /srv/epissure",
        ],
        "order connect" => &[
            "order connect CMD-1 --operator HIRO",
            "order connect CMD-1 --operator HIRO --date 20261123",
            "order connect CMD-1 --operator LINB --failed FINT04 --reason 'visite 12'",
        ],
        "permissions" | "errors" | "routes" | "version" => match path {
            "permissions" => &["permissions"],
            "errors" => &["errors"],
            "routes" => &["routes", "routes --output csv", "routes --output json"],
            _ => &["version", "version --output json", "--version"],
        },
        _ => &[],
    }
}
