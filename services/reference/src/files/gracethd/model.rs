//! The tables of a GraceTHD folder that describe the passive network, read whole: a folder is the
//! project of an area, and each table is bounded.

use std::collections::{BTreeMap, HashMap};

use crate::files::lines::{Line, Lines, ReadError, Source, scan};
use crate::files::{Columns, compact_date};
use crate::labels::FileFault;
use crate::report::RejectCode;

/// Rows read of one table at most.
const ROWS_MAX: u64 = 1_000_000;

/// The opened files of a folder by their names, in lower case (`t_fibre.csv`).
pub type Files = BTreeMap<String, Box<dyn Source>>;

/// Why a folder cannot be read.
#[derive(Debug)]
pub enum GracethdFault {
    /// A table that must be there is not.
    MissingTable(&'static str),
    /// A table is no table.
    Table(&'static str, FileFault),
    /// A table has more rows than are read.
    TooLarge(&'static str),
    /// A row has a code that a row before it had.
    Repeated {
        /// The table.
        table: &'static str,
        /// Line of the file.
        line: u64,
        /// The code.
        code: String,
    },
    /// A row names an object that its table does not have, or no object where it must.
    Dangling {
        /// The table.
        table: &'static str,
        /// Line of the file.
        line: u64,
        /// The column.
        column: &'static str,
        /// The code.
        code: String,
    },
    /// A row has another number of fields than the header.
    Width {
        /// The table.
        table: &'static str,
        /// Line of the file.
        line: u64,
    },
    /// No site can stand for the PM.
    NoPm,
    /// The disk is at fault.
    Io(std::io::Error),
}

/// Rows by their code.
pub type ByCode<T> = HashMap<String, T>;

/// A place in one of the lists of a [`Model`].
pub type At = usize;

/// A site that houses a PM or an NRO.
pub struct Site {
    pub reference: String,
    pub kind: String,
    pub housing: String,
    pub status: String,
    pub lines: String,
    /// AAAAMMJJ.
    pub installed_on: String,
    pub abandoned: bool,
}

/// A box: BPE, PBO, PTO.
pub struct Boxed {
    pub reference: String,
    pub kind: String,
    /// Fibres it can hold; 0 unknown.
    pub capacity: u32,
    /// What it stands on: chamber, pole, wall.
    pub support: String,
    pub abandoned: bool,
}

/// A drawer of a cabinet.
pub struct Drawer {
    pub reference: String,
    pub site: At,
}

/// A cable or a patch cord.
pub struct Cable {
    pub reference: String,
    pub is_cord: bool,
    pub capacity: String,
    pub modulo: usize,
    pub fotag: bool,
    pub fibres: Vec<At>,
    pub abandoned: bool,
}

/// A fibre of a cable.
pub struct Fibre {
    pub code: String,
    pub cable: At,
    pub tube: usize,
    /// Rank in its tube.
    pub rank: usize,
    /// Colour as the table says it; empty for the usual one of its rank.
    pub colour: String,
    pub broken: bool,
    /// Where it is joined to another.
    pub positions: Vec<At>,
}

/// Where two fibres meet.
#[derive(Clone, Copy)]
pub enum Place {
    /// In a box.
    Box(At),
    /// In a drawer.
    Drawer(At),
    /// Nobody says where.
    Nowhere,
}

/// A splice or a connector.
pub struct Position {
    pub number: String,
    pub ends: [Option<At>; 2],
    pub place: Place,
    /// The dwelling it is kept for.
    pub suf: Option<At>,
}

/// A dwelling.
pub struct Suf {
    /// Whether its occupant has a subscription.
    pub subscribed: bool,
    /// Its PTO, if built.
    pub pto_ref: String,
}

/// The network of a folder.
#[derive(Default)]
pub struct Model {
    pub sites: Vec<Site>,
    pub boxes: Vec<Boxed>,
    pub drawers: Vec<Drawer>,
    pub cables: Vec<Cable>,
    pub fibres: Vec<Fibre>,
    pub positions: Vec<Position>,
    pub sufs: Vec<Suf>,
    /// The fibres of each route the folder names.
    pub routes: BTreeMap<String, Vec<At>>,
}

/// A row, and the table it is of.
pub struct Cells<'a> {
    table: &'static str,
    line: &'a Line<'a>,
}

impl Cells<'_> {
    fn get(&self, column: &'static str) -> &str {
        self.line.raw(column)
    }

    fn text(&self, column: &'static str) -> String {
        self.get(column).to_owned()
    }

    fn first(&self, columns: &[&'static str]) -> String {
        let mut filled = columns.iter().map(|column| self.get(column));
        filled
            .find(|text| !text.is_empty())
            .unwrap_or("")
            .to_owned()
    }

    /// A number; 0 where there is none to read.
    fn number(&self, column: &'static str) -> usize {
        self.get(column).parse().unwrap_or(0)
    }

    fn line(&self) -> u64 {
        self.line.reject("", RejectCode::Format).line
    }

    /// What `column` names among `all`.
    fn named<T: Copy>(&self, column: &'static str, all: &ByCode<T>) -> Result<T, GracethdFault> {
        let found = all.get(self.get(column)).copied();
        found.ok_or_else(|| GracethdFault::Dangling {
            table: self.table,
            line: self.line(),
            column,
            code: self.text(column),
        })
    }

    /// As [`Cells::named`], or nothing where the field is empty.
    fn maybe<T: Copy>(
        &self,
        column: &'static str,
        all: &ByCode<T>,
    ) -> Result<Option<T>, GracethdFault> {
        match self.get(column) {
            "" => Ok(None),
            _ => self.named(column, all).map(Some),
        }
    }

    /// Notes that this row's code, in `column`, is at `at`.
    fn enter<T>(
        &self,
        column: &'static str,
        all: &mut ByCode<T>,
        at: T,
    ) -> Result<(), GracethdFault> {
        let code = self.text(column);
        if code.is_empty() || all.insert(code.clone(), at).is_some() {
            return Err(GracethdFault::Repeated {
                table: self.table,
                line: self.line(),
                code,
            });
        }
        Ok(())
    }
}

/// Reads a table that must be there.
fn table(
    files: &mut Files,
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    row: impl FnMut(&Cells<'_>) -> Result<(), GracethdFault>,
) -> Result<(), GracethdFault> {
    if table_if_any(files, name, required, optional, row)? {
        return Ok(());
    }
    Err(GracethdFault::MissingTable(name))
}

/// Reads a table if it is there; whether it is.
fn table_if_any(
    files: &mut Files,
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    mut row: impl FnMut(&Cells<'_>) -> Result<(), GracethdFault>,
) -> Result<bool, GracethdFault> {
    let Some(mut source) = files.remove(name) else {
        return Ok(false);
    };
    let unread = |error| match error {
        ReadError::Io(error) => GracethdFault::Io(error),
        ReadError::File(fault) => GracethdFault::Table(name, fault),
    };
    let scan = scan(source.as_mut()).map_err(unread)?;
    if scan.lines > ROWS_MAX {
        return Err(GracethdFault::TooLarge(name));
    }
    let columns = Columns { required, optional };
    let mut lines = Lines::open(source, scan.utf8, &columns, name).map_err(unread)?;
    while lines.advance().map_err(unread)? {
        let line = lines.line().map_err(unread)?;
        let cells = Cells {
            table: name,
            line: &line,
        };
        if line.check_width().is_err() {
            let line = cells.line();
            return Err(GracethdFault::Width { table: name, line });
        }
        row(&cells)?;
    }
    Ok(true)
}

/// `2015-06-02 11:59:00` as AAAAMMJJ; empty for anything else.
fn day(text: &str) -> String {
    let digits: String = text.chars().take(10).filter(|c| *c != '-').collect();
    match compact_date(&digits) {
        Some(_) => digits,
        None => String::new(),
    }
}

/// What is told of codes while a folder is read.
#[derive(Default)]
struct Codes {
    boxes: ByCode<At>,
    drawers: ByCode<At>,
    cassettes: ByCode<At>,
    fibres: ByCode<At>,
    sufs: ByCode<At>,
}

impl Model {
    /// Reads the tables.
    pub fn read(files: &mut Files) -> Result<Self, GracethdFault> {
        let (mut model, mut codes) = (Self::default(), Codes::default());
        model.read_sites(files, &mut codes)?;
        model.read_sufs(files, &mut codes)?;
        model.read_boxes(files, &mut codes)?;
        model.read_fibres(files, &mut codes)?;
        model.read_positions(files, &codes)?;
        model.read_routes(files, &codes)?;
        Ok(model)
    }

    /// Site, room, cabinet, drawer.
    fn read_sites(&mut self, files: &mut Files, codes: &mut Codes) -> Result<(), GracethdFault> {
        let (mut sites, mut rooms, mut cabinets) = Default::default();
        let optional = &[
            "st_codeext",
            "st_typephy",
            "st_statut",
            "st_nblines",
            "st_dateins",
            "st_abddate",
        ];
        table(
            files,
            "t_sitetech.csv",
            &["st_code", "st_typelog"],
            optional,
            |row| {
                row.enter("st_code", &mut sites, self.sites.len())?;
                self.sites.push(Site {
                    reference: row.first(&["st_codeext", "st_code"]),
                    kind: row.text("st_typelog"),
                    housing: row.text("st_typephy"),
                    status: row.text("st_statut"),
                    lines: row.text("st_nblines"),
                    installed_on: day(row.get("st_dateins")),
                    abandoned: !row.get("st_abddate").is_empty(),
                });
                Ok(())
            },
        )?;
        table(
            files,
            "t_ltech.csv",
            &["lt_code", "lt_st_code"],
            &[],
            |row| {
                let site: At = row.named("lt_st_code", &sites)?;
                row.enter("lt_code", &mut rooms, site)
            },
        )?;
        table(
            files,
            "t_baie.csv",
            &["ba_code", "ba_lt_code"],
            &[],
            |row| {
                let site: At = row.named("ba_lt_code", &rooms)?;
                row.enter("ba_code", &mut cabinets, site)
            },
        )?;
        let optional = &["ti_codeext", "ti_etiquet"];
        table(
            files,
            "t_tiroir.csv",
            &["ti_code", "ti_ba_code"],
            optional,
            |row| {
                let site: At = row.named("ti_ba_code", &cabinets)?;
                row.enter("ti_code", &mut codes.drawers, self.drawers.len())?;
                let reference = row.first(&["ti_codeext", "ti_etiquet", "ti_code"]);
                self.drawers.push(Drawer { reference, site });
                Ok(())
            },
        )
    }

    fn read_sufs(&mut self, files: &mut Files, codes: &mut Codes) -> Result<(), GracethdFault> {
        table(files, "t_suf.csv", &["sf_code"], &["sf_racco"], |row| {
            row.enter("sf_code", &mut codes.sufs, self.sufs.len())?;
            self.sufs.push(Suf {
                subscribed: row.get("sf_racco") == "AB",
                pto_ref: String::new(),
            });
            Ok(())
        })
    }

    fn read_boxes(&mut self, files: &mut Files, codes: &mut Codes) -> Result<(), GracethdFault> {
        let mut supports: ByCode<char> = ByCode::new();
        table_if_any(files, "t_ptech.csv", &["pt_code"], &["pt_typephy"], |row| {
            let kind = row.get("pt_typephy").chars().next().unwrap_or(' ');
            row.enter("pt_code", &mut supports, kind)
        })?;
        let optional = &[
            "bp_codeext",
            "bp_etiquet",
            "bp_linecod",
            "bp_pt_code",
            "bp_typephy",
            "bp_abddate",
        ];
        let required = &["bp_code", "bp_typelog", "bp_sf_code"];
        table(files, "t_ebp.csv", required, optional, |row| {
            row.enter("bp_code", &mut codes.boxes, self.boxes.len())?;
            let abandoned = !row.get("bp_abddate").is_empty();
            let kind = row.text("bp_typelog");
            let suf = row.maybe("bp_sf_code", &codes.sufs)?;
            if let (Some(suf), "PTO" | "DTI", false) = (suf, kind.as_str(), abandoned) {
                // The line's code is the PTO's reference; the others are the box's own.
                let columns = ["bp_linecod", "bp_codeext", "bp_etiquet", "bp_code"];
                self.sufs[suf].pto_ref = row.first(&columns);
            }
            let support = supports.get(row.get("bp_pt_code"));
            self.boxes.push(Boxed {
                reference: row.first(&["bp_codeext", "bp_etiquet", "bp_code"]),
                kind,
                capacity: row
                    .get("bp_typephy")
                    .trim_start_matches('B')
                    .parse()
                    .unwrap_or(0),
                support: support.map(ToString::to_string).unwrap_or_default(),
                abandoned,
            });
            Ok(())
        })?;
        table_if_any(
            files,
            "t_cassette.csv",
            &["cs_code", "cs_bp_code"],
            &[],
            |row| {
                let at: At = row.named("cs_bp_code", &codes.boxes)?;
                row.enter("cs_code", &mut codes.cassettes, at)
            },
        )?;
        Ok(())
    }

    fn read_fibres(&mut self, files: &mut Files, codes: &mut Codes) -> Result<(), GracethdFault> {
        let mut cables = ByCode::new();
        let optional = &[
            "cb_codeext",
            "cb_etiquet",
            "cb_typephy",
            "cb_capafo",
            "cb_modulo",
            "cb_abddate",
        ];
        table(files, "t_cable.csv", &["cb_code"], optional, |row| {
            row.enter("cb_code", &mut cables, self.cables.len())?;
            self.cables.push(Cable {
                reference: row.first(&["cb_codeext", "cb_etiquet", "cb_code"]),
                is_cord: row.get("cb_typephy") == "J",
                capacity: row.text("cb_capafo"),
                modulo: row.number("cb_modulo"),
                fotag: false,
                fibres: Vec::new(),
                abandoned: !row.get("cb_abddate").is_empty(),
            });
            Ok(())
        })?;
        let optional = &[
            "fo_nincab",
            "fo_numtub",
            "fo_nintub",
            "fo_color",
            "fo_etat",
            "fo_abddate",
        ];
        table(
            files,
            "t_fibre.csv",
            &["fo_code", "fo_cb_code"],
            optional,
            |row| {
                let cable = row.named("fo_cb_code", &cables)?;
                let at = self.fibres.len();
                row.enter("fo_code", &mut codes.fibres, at)?;
                let (tube, rank) = self.cables[cable].place_of(row);
                let colour = row.text("fo_color");
                self.cables[cable].fibres.push(at);
                // `1.3` is the third colour of the other code.
                self.cables[cable].fotag |= colour.contains('.');
                self.fibres.push(Fibre {
                    code: row.text("fo_code"),
                    cable,
                    tube,
                    rank,
                    colour,
                    broken: row.get("fo_etat") == "HS" || !row.get("fo_abddate").is_empty(),
                    positions: Vec::new(),
                });
                Ok(())
            },
        )
    }

    fn read_positions(&mut self, files: &mut Files, codes: &Codes) -> Result<(), GracethdFault> {
        let required = &["ps_code", "ps_1", "ps_2"];
        let optional = &["ps_numero", "ps_cs_code", "ps_ti_code", "ps_preaff"];
        let mut all = ByCode::new();
        table(files, "t_position.csv", required, optional, |row| {
            let at = self.positions.len();
            row.enter("ps_code", &mut all, ())?;
            let ends = [
                row.maybe("ps_1", &codes.fibres)?,
                row.maybe("ps_2", &codes.fibres)?,
            ];
            let cassette = row.maybe("ps_cs_code", &codes.cassettes)?;
            let place = match (row.maybe("ps_ti_code", &codes.drawers)?, cassette) {
                (Some(drawer), _) => Place::Drawer(drawer),
                (None, Some(at)) => Place::Box(at),
                (None, None) => Place::Nowhere,
            };
            for fibre in ends.into_iter().flatten() {
                self.fibres[fibre].positions.push(at);
            }
            self.positions.push(Position {
                number: row.text("ps_numero"),
                ends,
                place,
                suf: row.maybe("ps_preaff", &codes.sufs)?,
            });
            Ok(())
        })
    }

    fn read_routes(&mut self, files: &mut Files, codes: &Codes) -> Result<(), GracethdFault> {
        let required = &["rt_code", "rt_fo_code"];
        table_if_any(files, "t_ropt.csv", required, &[], |row| {
            let fibre = row.named("rt_fo_code", &codes.fibres)?;
            self.routes
                .entry(row.text("rt_code"))
                .or_default()
                .push(fibre);
            Ok(())
        })?;
        Ok(())
    }
}

impl Cable {
    /// Tube of a fibre and rank in it: as told, or counted from its rank in the cable.
    fn place_of(&self, row: &Cells<'_>) -> (usize, usize) {
        let told = (row.number("fo_numtub"), row.number("fo_nintub"));
        let (in_cable, modulo) = (row.number("fo_nincab"), self.modulo.max(1));
        match told {
            (0, _) | (_, 0) if in_cable > 0 => {
                ((in_cable - 1) / modulo + 1, (in_cable - 1) % modulo + 1)
            }
            told => told,
        }
    }
}
