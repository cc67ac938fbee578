//! Rate limits: one node, and several of one store.

use std::sync::Arc;

use kernel::{FakeClock, Millis};
use testkit::Store;

use super::{Class, Rates, share};
use crate::Platform;

const NOW: Millis = Millis(1_800_000_000_000);
const ALLOWANCES: [u32; 3] = [10, 10, 10];

/// Requests let through of `asked`.
fn let_through(rates: &Rates, class: Class, whose: &str, asked: usize, now: Millis) -> usize {
    (0..asked)
        .filter(|_| rates.take(class, whose, now).is_ok())
        .count()
}

#[test]
fn each_caller_of_each_class_has_its_own_and_without_limits_nobody_waits() {
    let rates = Rates::new(ALLOWANCES);
    for class in Class::ALL {
        for whose in ["a", "b"] {
            assert_eq!(let_through(&rates, class, whose, 500, NOW), 200);
        }
    }
    assert_eq!(rates.take(Class::Account, "a", NOW), Err(1));
    let open = Rates::default();
    assert_eq!(let_through(&open, Class::Account, "a", 5_000, NOW), 5_000);
    let one = Rates::new([0, 10, 0]);
    assert_eq!(let_through(&one, Class::Machines, "a", 500, NOW), 500);
    assert_eq!(let_through(&one, Class::Account, "a", 500, NOW), 200);
}

#[test]
fn callers_without_number_take_bounded_memory_and_those_at_rest_make_room() {
    let rates = Rates::new(ALLOWANCES);
    for n in 0..super::CALLERS_MAX + 10 {
        rates.take(Class::Visitor, &n.to_string(), NOW).unwrap();
    }
    let count = |rates: &Rates| rates.of(Class::Visitor).1.lock().unwrap().len();
    assert_eq!(count(&rates), super::CALLERS_MAX);
    while !rates.to_tell().is_empty() {}
    let later = NOW.plus(Millis::MINUTE);
    rates.take(Class::Visitor, "after", later).unwrap();
    assert_eq!(count(&rates), 1);
}

#[tokio::test]
async fn nodes_of_one_store_count_each_others_requests_within_a_second() {
    let Some(store) = Store::open(crate::schema::MIGRATIONS, crate::schema::TENANT_TABLES) else {
        return;
    };
    let clock = Arc::new(FakeClock::at(NOW));
    let node = || Platform::new(store.db.clone(), clock.clone()).with_rates(ALLOWANCES);
    let (a, b) = (node(), node());
    let ask =
        |node: &Platform, asked| let_through(&node.rates, Class::Machines, "opr_1", asked, NOW);
    share(&b, "b").await.unwrap();
    assert_eq!(ask(&a, 150), 150);
    share(&a, "a").await.unwrap();
    share(&b, "b").await.unwrap();
    assert_eq!(ask(&b, 500), 50, "what the other let through is spent");
    share(&b, "b").await.unwrap();
    share(&a, "a").await.unwrap();
    assert_eq!(ask(&a, 500), 0);
    // What was told twice counts once.
    clock.advance(10 * Millis::SECOND);
    for _ in 0..3 {
        share(&a, "a").await.unwrap();
        share(&b, "b").await.unwrap();
    }
    let later = NOW.plus(10 * Millis::SECOND);
    let again = let_through(&b.rates, Class::Machines, "opr_1", 500, later);
    assert_eq!(again, 100, "ten seconds of the rate");
    // A node that begins counts what comes, not what was.
    let c = node();
    share(&b, "b").await.unwrap();
    share(&c, "c").await.unwrap();
    assert_eq!(
        let_through(&c.rates, Class::Machines, "opr_1", 500, later),
        200
    );
    // One that begins again under its name tells from nothing.
    let a = node();
    share(&a, "a").await.unwrap();
    let other =
        |node: &Platform, asked| let_through(&node.rates, Class::Account, "acc_1", asked, later);
    assert_eq!(other(&a, 20), 20);
    share(&a, "a").await.unwrap();
    share(&b, "b").await.unwrap();
    assert_eq!(other(&b, 500), 180);
    // What is old is forgotten.
    clock.advance(Millis::HOUR);
    a.rates
        .take(Class::Visitor, "::1", NOW.plus(Millis::HOUR))
        .unwrap();
    share(&a, "a").await.unwrap();
    let all = |tx: &mut dyn storage::Tx| super::store::list_others(tx, "nobody", Millis(0), 100);
    let kept = store.db.read(all).await.unwrap();
    let kept: Vec<_> = kept
        .iter()
        .map(|(node, one)| (node.as_str(), one.whose.as_str()))
        .collect();
    assert_eq!(kept, [("a", "::1")]);
}
