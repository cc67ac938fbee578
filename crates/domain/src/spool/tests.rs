use std::sync::atomic::AtomicUsize;

use kernel::{FakeClock, Millis, OperatorId};

use super::*;
use crate::access::{Duty, SystemScope, system};
use crate::{schema, setting};

struct House {
    platform: Platform,
    scope: SystemScope,
    _store: testkit::Store,
}

fn house() -> Option<House> {
    let store = testkit::Store::open(schema::MIGRATIONS, schema::TENANT_TABLES)?;
    let clock = Arc::new(FakeClock::at(Millis(1_795_424_400_000)));
    let platform = Platform::new(store.db.clone(), clock);
    let provider = OperatorId::from_store("opr_fournisseur".to_owned());
    let ctx = system(&platform, Duty::Upkeep, &provider).unwrap();
    Some(House {
        scope: ctx.duty(Duty::Upkeep),
        platform,
        _store: store,
    })
}

impl House {
    fn note(&self, name: &str) -> Write {
        let (scope, name) = (self.scope, name.to_owned());
        Arc::new(move |tx| setting::store::update(tx, &scope, &name, "1"))
    }

    async fn noted(&self, name: &str) -> bool {
        let (scope, name) = (self.scope, name.to_owned());
        let read = move |tx: &mut dyn Tx| setting::store::by_name(tx, &scope, &name);
        self.platform.db.get(read).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn what_was_pushed_is_written_by_the_next_flush_and_once() {
    let Some(house) = house() else { return };
    let runs = Arc::new(AtomicUsize::new(0));
    for n in 0..SLICE_ROWS + 1 {
        let (write, runs) = (house.note(&format!("row.{n}")), Arc::clone(&runs));
        let counted: Write = Arc::new(move |tx| {
            runs.fetch_add(1, Ordering::Relaxed);
            write(tx)
        });
        assert!(house.platform.spool.push(1, counted));
    }
    flush(&house.platform).await.unwrap();
    flush(&house.platform).await.unwrap();
    assert!(house.noted("row.0").await && house.noted(&format!("row.{SLICE_ROWS}")).await);
    assert!(runs.load(Ordering::Relaxed) > SLICE_ROWS);
    assert_eq!(house.platform.spool.lost(), 0);
}

#[tokio::test]
async fn a_row_that_the_store_refuses_does_not_take_the_others_with_it() {
    let Some(house) = house() else { return };
    let spool = &house.platform.spool;
    spool.push(1, house.note("before"));
    spool.push(1, Arc::new(|_| Err(Error::Constraint("no".to_owned()))));
    spool.push(1, house.note("after"));
    flush(&house.platform).await.unwrap();
    assert!(house.noted("before").await && house.noted("after").await);
}

#[tokio::test]
async fn rows_without_room_are_counted_as_lost() {
    let Some(house) = house() else { return };
    let spool = &house.platform.spool;
    assert!(spool.push(BYTES_MAX - ROW_BYTES, house.note("large")));
    assert!(!spool.push(0, house.note("late")));
    assert_eq!(spool.lost(), 1);
    flush(&house.platform).await.unwrap();
    assert!(spool.push(0, house.note("later")));
}
