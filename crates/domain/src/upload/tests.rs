use std::io::Read;

use kernel::FakeClock;

use super::*;
use crate::access::{Duty, system};
use crate::schema;

const NOW: Millis = Millis(1_795_424_400_000);

struct House {
    platform: Platform,
    ctx: Arc<Ctx>,
    clock: Arc<FakeClock>,
    _store: testkit::Store,
}

fn house(scanner: Option<Arc<dyn Scanner>>) -> Option<House> {
    let store = testkit::Store::open(schema::MIGRATIONS, schema::TENANT_TABLES)?;
    let clock = Arc::new(FakeClock::at(NOW));
    let mut platform = Platform::new(store.db.clone(), clock.clone());
    if let Some(scanner) = scanner {
        platform = platform.with_scanner(scanner);
    }
    let provider = OperatorId::from_store("opr_fournisseur".to_owned());
    let ctx = Arc::new(system(&platform, Duty::Import, &provider).unwrap());
    Some(House {
        platform,
        ctx,
        clock,
        _store: store,
    })
}

impl House {
    async fn receive(&self, name: &str, bytes: &[u8]) -> Result<Upload, UploadError> {
        let purpose = Purpose::Reference;
        let mut receiver = Receiver::begin(&self.platform, &self.ctx, purpose, name)?;
        for piece in bytes.chunks(300_001) {
            receiver.push(piece).await?;
        }
        receiver.finish().await
    }

    async fn read(&self, upload: &Upload) -> Vec<u8> {
        let mut file = open(&self.platform, self.ctx.scope(), upload)
            .await
            .unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn files(&self) -> usize {
        let dir = self.platform.db.folder().map(|dir| dir.join(FOLDER));
        dir.map_or(0, |dir| std::fs::read_dir(dir).unwrap().count())
    }

    async fn known(&self, upload: &Upload) -> Upload {
        let (reach, id) = (self.ctx.scope().clone(), upload.id.clone());
        let operator = upload.operator.clone();
        let find = move |tx: &mut dyn Tx| store::by_id(tx, &reach, &operator, &id);
        self.platform.db.get(find).await.unwrap().unwrap()
    }
}

fn lines(count: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|n| format!("{n};texte\n").into_bytes())
        .collect()
}

fn detail(result: Result<Upload, UploadError>) -> String {
    match result {
        Err(UploadError::Refused(refusal)) => {
            assert_eq!(refusal.code, "EIMP04");
            refusal.detail.unwrap_or_default()
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_file_of_several_pieces_reads_back_as_it_came() {
    let Some(house) = house(None) else { return };
    let bytes = lines(200_000);
    assert!(bytes.len() > 2 * PIECE_BYTES);
    let upload = house
        .receive("../../etc/IPE_20261116.csv", &bytes)
        .await
        .unwrap();
    assert_eq!(upload.state, State::Clean);
    assert_eq!(upload.file_name, "IPE_20261116.csv");
    assert_eq!(upload.scanner, "none");
    assert_eq!(upload.digest, hex(&Sha256::digest(&bytes)));
    assert_eq!(house.known(&upload).await, upload);
    assert!(house.read(&upload).await == bytes);
}

#[tokio::test]
async fn what_breaks_a_bound_leaves_neither_row_nor_file() {
    let Some(house) = house(None) else { return };
    let mut binary = lines(10);
    binary.push(0);
    assert!(detail(house.receive("a.csv", &binary).await).contains("ligne 11"));
    let long = vec![b'x'; 3 * PIECE_BYTES];
    assert!(detail(house.receive("a.csv", &long).await).contains("ligne 1"));
    assert_eq!(detail(house.receive("a.csv", b"").await), labels::EMPTY);
    assert_eq!(house.files(), 0);
}

struct Suspicious;

impl Scanner for Suspicious {
    fn name(&self) -> &'static str {
        "suspicious"
    }

    fn scan(&self, file: &mut dyn Readable) -> io::Result<Finding> {
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(match text.contains("EICAR") {
            true => Finding::Bad("EICAR".to_owned()),
            false => Finding::Clean,
        })
    }
}

#[tokio::test]
async fn a_file_the_scanner_is_against_is_never_read() {
    let Some(house) = house(Some(Arc::new(Suspicious))) else {
        return;
    };
    assert_eq!(
        detail(house.receive("a.csv", b"a;EICAR\n").await),
        labels::INFECTED
    );
    let clean = house.receive("a.csv", b"a;b\n").await.unwrap();
    assert_eq!(
        (clean.state, clean.scanner.as_str()),
        (State::Clean, "suspicious")
    );
    let mut doubtful = clean;
    doubtful.state = State::Received;
    assert!(
        open(&house.platform, house.ctx.scope(), &doubtful)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn bytes_without_a_row_go_once_they_are_old_and_others_stay() {
    let Some(house) = house(None) else { return };
    let kept = house.receive("a.csv", &lines(10)).await.unwrap();
    let purpose = Purpose::Reference;
    let mut died = Receiver::begin(&house.platform, &house.ctx, purpose, "b.csv").unwrap();
    died.push(&vec![b'\n'; PIECE_BYTES]).await.unwrap();
    drop(died);
    let scope = house.ctx.duty(Duty::Upkeep);
    assert_eq!(reconcile(&house.platform, scope).await.unwrap(), 0);
    house.clock.advance(2 * ORPHAN_MS);
    assert_eq!(reconcile(&house.platform, scope).await.unwrap(), 1);
    assert_eq!(reconcile(&house.platform, scope).await.unwrap(), 0);
    assert_eq!(house.read(&kept).await, lines(10));
}
