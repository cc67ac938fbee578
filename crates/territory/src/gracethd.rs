//! An invented GraceTHD folder: one PM behind an NRO, PBOs on a cable each, a dwelling and its PTO
//! for some of the fibres. Distribution cables are spliced in one box on their way to the PM.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Fibres of a distribution cable, of six in a tube.
const CABLE_FIBRES: usize = 12;
const MODULO: usize = 6;

/// How large a folder is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// PBOs.
    pub pbos: usize,
    /// Dwellings of each PBO that have a fibre led to the PM, at most 12.
    pub dwellings: usize,
}

/// The tables of a folder by their names.
pub type Tables = BTreeMap<String, String>;

/// A table being written.
struct Table {
    name: &'static str,
    text: String,
}

impl Table {
    fn new(name: &'static str, header: &str) -> Self {
        let text = format!("{header}\n");
        Self { name, text }
    }

    fn row(&mut self, fields: std::fmt::Arguments<'_>) {
        // Writing to a String never fails.
        let _ = writeln!(self.text, "{fields}");
    }
}

/// Writes a folder. The first dwelling of each PBO has a subscription, the last has no PTO yet.
/// PM `SRO-1`, PBOs `PBO-001`..., PTOs `F2-<pbo>-<dwelling>`; drawer `TD-01`, positions from 1.
#[must_use]
pub fn folder(shape: Shape) -> Tables {
    let mut tables = sites();
    tables.extend(plant(shape));
    let named = |table: Table| (format!("{}.csv", table.name), table.text);
    tables.into_iter().map(named).collect()
}

fn sites() -> Vec<Table> {
    let mut site = Table::new(
        "t_sitetech",
        "st_code;st_codeext;st_typephy;st_typelog;st_statut;st_nblines;st_dateins;st_abddate",
    );
    site.row(format_args!("ST1;NRO-1;BAT;NRO;REC;4000;2024-01-05;"));
    site.row(format_args!(
        "ST2;SRO-1;ADR;SRO;REC;432;2024-03-12 08:00:00;"
    ));
    let mut room = Table::new("t_ltech", "lt_code;lt_st_code");
    let mut cabinet = Table::new("t_baie", "ba_code;ba_lt_code");
    let mut drawer = Table::new("t_tiroir", "ti_code;ti_etiquet;ti_ba_code");
    for n in 1..=2 {
        room.row(format_args!("LT{n};ST{n}"));
        cabinet.row(format_args!("BA{n};LT{n}"));
    }
    drawer.row(format_args!("TI1;TT-01;BA1"));
    drawer.row(format_args!("TI2;TD-01;BA2"));
    vec![site, room, cabinet, drawer]
}

/// Boxes, cables, fibres and where they meet.
struct Plant {
    suf: Table,
    ebp: Table,
    cassette: Table,
    cable: Table,
    fibre: Table,
    position: Table,
    route: Table,
    positions: usize,
}

fn plant(shape: Shape) -> Vec<Table> {
    let mut plant = Plant {
        suf: Table::new("t_suf", "sf_code;sf_racco"),
        ebp: Table::new(
            "t_ebp",
            "bp_code;bp_codeext;bp_typelog;bp_typephy;bp_pt_code;bp_sf_code;bp_linecod",
        ),
        cassette: Table::new("t_cassette", "cs_code;cs_bp_code"),
        cable: Table::new(
            "t_cable",
            "cb_code;cb_etiquet;cb_typephy;cb_capafo;cb_modulo",
        ),
        fibre: Table::new(
            "t_fibre",
            "fo_code;fo_cb_code;fo_nincab;fo_numtub;fo_nintub;fo_color;fo_etat",
        ),
        position: Table::new(
            "t_position",
            "ps_code;ps_numero;ps_1;ps_2;ps_cs_code;ps_ti_code;ps_preaff",
        ),
        route: Table::new("t_ropt", "rt_id;rt_code;rt_fo_code;rt_fo_ordr"),
        positions: 0,
    };
    let mut support = Table::new("t_ptech", "pt_code;pt_typephy");
    support.row(format_args!("PT1;C"));
    plant.ebp.row(format_args!("BPE;BPE-1;BPE;B144;PT1;;"));
    plant.cassette.row(format_args!("CSE;BPE"));
    // The cable from the PM to the box where it is split, and that from the NRO to the PM.
    plant.add_cable("CBD", shape.pbos * CABLE_FIBRES, "C");
    plant.add_cable("CBT", CABLE_FIBRES, "C");
    for pbo in 1..=shape.pbos {
        plant.add_pbo(pbo, shape.dwellings.min(CABLE_FIBRES));
    }
    let Plant {
        suf,
        ebp,
        cassette,
        cable,
        fibre,
        position,
        route,
        ..
    } = plant;
    vec![support, suf, ebp, cassette, cable, fibre, position, route]
}

impl Plant {
    fn add_cable(&mut self, code: &str, fibres: usize, kind: &str) {
        let row = format_args!("{code};{code}-01;{kind};{fibres};{MODULO}");
        self.cable.row(row);
        for k in 1..=fibres {
            let (tube, rank) = ((k - 1) / MODULO + 1, (k - 1) % MODULO + 1);
            // One fibre in twelve is broken; of the second tube the colours are not told.
            let state = if k % CABLE_FIBRES == 0 { "HS" } else { "OK" };
            let colour = if tube == 1 {
                rank.to_string()
            } else {
                String::new()
            };
            self.fibre.row(format_args!(
                "{code}F{k:04};{code};{k};{tube};{rank};{colour};{state}"
            ));
        }
    }

    fn join(&mut self, number: usize, ends: [&str; 2], place: &str, suf: &str) {
        self.positions += 1;
        let code = self.positions;
        let [one, other] = ends;
        self.position.row(format_args!(
            "PS{code:06};{number};{one};{other};{place};{suf}"
        ));
    }

    fn add_pbo(&mut self, pbo: usize, dwellings: usize) {
        let distribution = format!("CBP{pbo:03}");
        self.ebp
            .row(format_args!("BP{pbo:03};PBO-{pbo:03};PBO;B012;PT1;;"));
        self.cassette.row(format_args!("CS{pbo:03};BP{pbo:03}"));
        self.add_cable(&distribution, CABLE_FIBRES, "C");
        for n in 1..=dwellings {
            let suf = format!("SF{pbo:03}{n:02}");
            let racco = if n == 1 { "AB" } else { "EL" };
            self.suf.row(format_args!("{suf};{racco}"));
            let drop = format!("CBR{pbo:03}{n:02}");
            self.add_cable(&drop, 1, "C");
            if n < dwellings {
                let reference = format!("F2-{pbo:04}-{n:04}");
                self.ebp.row(format_args!(
                    "PTO{pbo:03}{n:02};;PTO;DTI1;;{suf};{reference}"
                ));
            }
            // From the dwelling to the NRO.
            let k = (pbo - 1) * CABLE_FIBRES + n;
            let (drop, at_pbo) = (format!("{drop}F0001"), format!("{distribution}F{n:04}"));
            let (at_pm, cord) = (format!("CBDF{k:04}"), format!("CJ{k:04}"));
            self.add_cable(&cord, 1, "J");
            let cord = format!("{cord}F0001");
            let transport = "CBTF0001".to_owned();
            self.join(n, [&at_pbo, &drop], &format!("CS{pbo:03};"), &suf);
            self.join(k, [&at_pm, &at_pbo], "CSE;", "");
            self.join(k, [&cord, &at_pm], ";TI2", "");
            self.join(k, [&transport, &cord], ";TI2", "");
            let chain = [drop, at_pbo, at_pm, cord, transport];
            for (at, fibre) in chain.iter().enumerate() {
                self.route
                    .row(format_args!("{at};RT{pbo:03}{n:02};{fibre};{at}"));
            }
        }
    }
}
