use std::sync::Arc;

use kernel::{FakeClock, IdSource, OperatorId};
use proptest::prelude::*;
use testkit::Store;

use super::rules::{Side, is_masked, kept, masked};
use super::store::{Listing, Order};
use super::*;
use crate::access::{Duty, authenticate_certificate, certificate_fingerprint, system};
use crate::certificate::Certificate;
use crate::operator::Operator;
use crate::order::FIELDS;
use crate::{certificate, operator, schema, spool};

const NOW: Millis = Millis(1_795_424_400_000);

#[test]
fn what_names_or_reaches_a_customer_is_out_of_sight_and_the_rest_is_not() {
    let sent = "<f:deposerCommande xmlns:f=\"urn:x\">\n \
                <f:NomClient>Ren\u{e9}e O'Hara</f:NomClient>\n \
                <ContactClient1><![CDATA[06</ContactClient1>]]>12</ContactClient1>\n \
                <Etage>3</Etage><PrenomClient/><x NomClient='Doe' b=\"1\"/>\n <Nom>A</Nom>\n\
                </f:deposerCommande>";
    let kept = masked(sent, Side::Answer);
    let expected = "<f:deposerCommande xmlns:f=\"urn:x\">\n \
                <f:NomClient>***** ******</f:NomClient>\n \
                <ContactClient1>*********************************</ContactClient1>\n \
                <Etage>3</Etage><PrenomClient/><x NomClient='***' b=\"1\"/>\n <Nom>A</Nom>\n\
                </f:deposerCommande>";
    assert_eq!(kept, expected);
    for (name, shown) in [
        ("NomModulePM", true),
        ("Nom", true),
        ("NombreLogements", true),
        ("nomclient", false),
        ("AdresseCourriel", false),
        ("TelephoneFixe", false),
    ] {
        assert_eq!(is_masked(name, Side::Answer), !shown, "{name}");
        assert!(is_masked(name, Side::Request), "{name}");
    }
}

#[test]
fn every_field_of_an_order_that_is_declared_personal_is_masked() {
    for field in FIELDS {
        let free_text = field.name.starts_with("InfoCmdAcces");
        let hidden = field.personal || free_text;
        assert_eq!(
            is_masked(field.name, Side::Request),
            hidden,
            "{}",
            field.name
        );
    }
}

#[test]
fn a_value_is_masked_whatever_is_wrong_with_the_message() {
    for sent in [
        "<NomClient>SECRET",
        "<NomClient>SECRET</NomClien>",
        "<NomClient\n a='1' >SECRET</NomClient >",
        "<NomClient><NomClient>a</NomClient>SECRET</NomClient>",
        "<NomClient><!-- </NomClient> -->SECRET</NomClient>",
        "<NomClient><b>SECRET</b></NomClient>",
        "<a x=\"><NomClient>SECRET</NomClient>",
        "<!--<NomClient>SECRET</NomClient>-->",
        "<p:Client><Nom>SECRET</Nom></p:Client>",
        "<NOMCLIENT>SECRET</NOMCLIENT>",
        "<a NomClient = \"SECRET\"/>",
        "<a NomClient='SECRET",
    ] {
        let kept = masked(sent, Side::Answer);
        assert!(!kept.contains("SECRET"), "{kept}");
    }
    let latin = b"<NomClient>SECR\xC9T SECRET</NomClient><Etage>\xE9</Etage>";
    let kept_of = kept(latin, TEXT_MAX, Side::Request);
    assert!(!kept_of.contains("SECRET") && kept_of.contains("<Etage>\u{fffd}</Etage>"));
    let wide: Vec<u8> = "<NomClient>SECRET".bytes().flat_map(|b| [b, 0]).collect();
    assert_eq!(kept(&wide, TEXT_MAX, Side::Request), "");
    assert_eq!(kept("<a>\u{e9}".as_bytes(), 4, Side::Request), "<a>");
    assert_eq!(
        kept(b"<NomClient>SECRET</NomClient>", 14, Side::Request),
        "<NomClient>***"
    );
}

proptest! {
    /// Lines and columns told of an error still point to it.
    #[test]
    fn what_is_kept_has_the_lines_and_columns_of_what_was_sent(
        text in "(<[a-zA-Z:/ =\"'!>\n-]{0,12}|</?NomClient>|[é\n ]{0,5}){0,30}"
    ) {
        let kept = masked(&text, Side::Request);
        let shape = |t: &str| t.lines().map(|l| l.chars().count()).collect::<Vec<_>>();
        prop_assert_eq!(shape(&kept), shape(&text));
    }
}

struct House {
    platform: Platform,
    clock: Arc<FakeClock>,
    upkeep: SystemScope,
    _store: Store,
}

/// A platform with two operators, whose certificates are their codes.
async fn house() -> Option<House> {
    let store = Store::open(schema::MIGRATIONS, schema::TENANT_TABLES)?;
    let clock = Arc::new(FakeClock::at(NOW));
    let platform = Platform::new(store.db.clone(), clock.clone());
    let nobody = OperatorId::from_store("opr_fournisseur".to_owned());
    let ctx = system(&platform, Duty::Demo, &nobody).unwrap();
    let (demo, upkeep) = (ctx.duty(Duty::Demo), ctx.duty(Duty::Upkeep));
    let fill = move |tx: &mut dyn Tx| {
        let mut ids = IdSource::new(NOW, 3);
        for code in ["HIRO", "LINB"] {
            let id: OperatorId = ids.next();
            let new = Operator {
                id: id.clone(),
                code: code.to_owned(),
                name: code.to_owned(),
                is_provider: false,
                contact_email: "c@example.org".to_owned(),
                created: NOW,
            };
            operator::store::insert(tx, &demo, &new)?;
            let known = Certificate {
                id: ids.next(),
                fingerprint: certificate_fingerprint(code.as_bytes()),
                label: format!("SI {code}"),
                responsible: "Dominique".to_owned(),
                not_after: Millis(i64::MAX),
                state: "active".to_owned(),
            };
            certificate::store::insert(tx, &demo, &id, &known, NOW)?;
        }
        Ok(())
    };
    let filled = platform.db.write(Lane::Foreground, None, fill);
    filled.await.unwrap();
    Some(House {
        platform,
        clock,
        upkeep,
        _store: store,
    })
}

impl House {
    async fn ctx(&self, code: &str) -> Ctx {
        let found = authenticate_certificate(&self.platform, code.as_bytes()).await;
        found.unwrap().unwrap()
    }

    /// Logs a call of `code` that took `duration_us`, and gives its id.
    async fn call(&self, code: &str, outcome: CallOutcome, duration_us: i64) -> RequestId {
        self.clock.advance(1);
        let ctx = self.ctx(code).await;
        let call = Call {
            id: ctx.request_id.clone(),
            at: ctx.now,
            real_at: ctx.real_now,
            service: "fci".to_owned(),
            operation: "deposerCommande".to_owned(),
            certificate_id: ctx.certificate().unwrap().clone(),
            certificate: ctx.actor.name.clone(),
            request_key: format!("cle-{duration_us}"),
            outcome,
            code: "0".to_owned(),
            message: String::new(),
            duration_us,
            request_size: 10,
            reply_size: 20,
            place: Some(Place {
                line: 2,
                column: 3,
                element: "Etage".to_owned(),
                rule: "cvc-elt.1".to_owned(),
            }),
        };
        let id = call.id.clone();
        let texts = Texts {
            request: "q".repeat(40),
            reply: "r".repeat(60),
        };
        log(&self.platform, &ctx, call, texts);
        spool::flush(&self.platform).await.unwrap();
        id
    }

    async fn list(&self, code: &str, wanted: Listing) -> Vec<i64> {
        let scope = self.ctx(code).await.operator().unwrap().clone();
        let all = Listing {
            to: Millis(i64::MAX),
            limit: 1_000,
            ..wanted
        };
        let read = move |tx: &mut dyn Tx| store::list(tx, &scope, &all);
        let calls = self.platform.db.read(read).await.unwrap();
        calls.iter().map(|call| call.duration_us).collect()
    }

    async fn forget(&self, before: Millis, caps: (i64, i64)) -> usize {
        let scope = self.upkeep;
        let run = move |tx: &mut dyn Tx| forget(tx, &scope, before, caps);
        let done = self.platform.db.write(Lane::Background, None, run).await;
        done.unwrap()
    }
}

#[tokio::test]
async fn a_call_is_read_back_as_it_was_and_by_its_own_operator_alone() {
    let Some(house) = house().await else { return };
    let id = house.call("HIRO", CallOutcome::Fault, 7).await;
    for (code, found) in [("HIRO", true), ("LINB", false)] {
        let scope = house.ctx(code).await.operator().unwrap().clone();
        let key = id.clone();
        let read = move |tx: &mut dyn Tx| store::by_id(tx, &scope, &key);
        let read = house.platform.db.get(read).await.unwrap();
        assert_eq!(read.is_some(), found, "{code}");
        if let Some((call, texts)) = read {
            assert_eq!((call.id.as_str(), call.at), (id.as_str(), call.real_at));
            assert_eq!(call.place.unwrap().element, "Etage");
            assert_eq!((texts.request.len(), texts.reply.len()), (40, 60));
        }
    }
    assert_eq!(
        house.list("LINB", Listing::default()).await,
        Vec::<i64>::new()
    );
}

#[tokio::test]
async fn a_list_is_filtered_ordered_and_cut_by_key() {
    let Some(house) = house().await else { return };
    let outcomes = [
        CallOutcome::Accepted,
        CallOutcome::Refused,
        CallOutcome::Accepted,
    ];
    for (n, outcome) in (1..).zip(outcomes) {
        house.call("HIRO", outcome, 10 - n).await;
    }
    let by = |order| Listing {
        order,
        ..Listing::default()
    };
    assert_eq!(house.list("HIRO", by(Order::Last)).await, [7, 8, 9]);
    assert_eq!(house.list("HIRO", by(Order::First)).await, [9, 8, 7]);
    assert_eq!(house.list("HIRO", by(Order::Slowest)).await, [9, 8, 7]);
    assert_eq!(house.list("HIRO", by(Order::Quickest)).await, [7, 8, 9]);
    let refused = Listing {
        outcome: Some(CallOutcome::Refused),
        ..Listing::default()
    };
    assert_eq!(house.list("HIRO", refused).await, [8]);
    let text = |text: &str| Listing {
        text: text.to_owned(),
        ..Listing::default()
    };
    assert_eq!(house.list("HIRO", text("cle-7")).await, [7]);
    assert_eq!(house.list("HIRO", text("le-7")).await, Vec::<i64>::new());
    let after = Listing {
        after: Some((8, String::new())),
        ..by(Order::Slowest)
    };
    assert_eq!(house.list("HIRO", after).await, [7]);
    let scope = house.ctx("HIRO").await.operator().unwrap().clone();
    let count = move |tx: &mut dyn Tx| store::count_by_outcome(tx, &scope, NOW);
    assert_eq!(house.platform.db.read(count).await.unwrap(), [2, 1, 0]);
}

#[tokio::test]
async fn what_is_too_old_or_beyond_the_cap_is_forgotten_oldest_first() {
    let Some(house) = house().await else { return };
    for n in 1..=5 {
        house.call("HIRO", CallOutcome::Accepted, n).await;
    }
    house.call("LINB", CallOutcome::Accepted, 9).await;
    let ever = Millis(i64::MIN);
    assert_eq!(house.forget(ever, (4, 1_000_000)).await, 1);
    assert_eq!(house.forget(ever, (4, 1_000_000)).await, 0);
    assert_eq!(house.forget(ever, (100, 250)).await, 2, "100 bytes each");
    assert_eq!(house.list("HIRO", Listing::default()).await, [5, 4]);
    assert_eq!(house.list("LINB", Listing::default()).await, [9]);
    assert_eq!(purge(&house.platform, house.upkeep).await.unwrap(), 0);
    house.clock.advance(DAYS_KEPT * Millis::DAY - 1);
    assert_eq!(purge(&house.platform, house.upkeep).await.unwrap(), 1);
    house.clock.advance(10);
    assert_eq!(purge(&house.platform, house.upkeep).await.unwrap(), 2);
    assert_eq!(
        house.list("LINB", Listing::default()).await,
        Vec::<i64>::new()
    );
    house.call("HIRO", CallOutcome::Accepted, 6).await;
    let scope = house.upkeep;
    let over = move |tx: &mut dyn Tx| store::list_over(tx, &scope, (0, 0));
    let volumes = house.platform.db.read(over).await.unwrap();
    let volumes: Vec<_> = volumes.iter().map(|v| (v.calls, v.bytes)).collect();
    assert_eq!(volumes, [(1, 100)], "what is kept is counted right");
}
