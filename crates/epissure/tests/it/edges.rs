//! One refusal, both edges: the same code, return code, field and remedy (each edge maps it once).
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::http::StatusCode;
use domain::order::PlaceOrder;
use eligibility::messages::{EligibilityTested, LotTested};
use kernel::{Refusal, codes};
use soap::{Head, Instant, RequestHeader, Stamp};
use testkit::territory::Case;
use web::RefusalView;

use crate::goldens;
use crate::house::{HIRO, REFERENCE, START, house, order_at, texts};

/// What a reader finds of a refusal.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    code: String,
    field: String,
    remedy: String,
    who: String,
}

/// As the refusal's block on a page tells it.
fn on_page(html: &str) -> Told {
    let block = html.split_once("class=\"note bad\"").unwrap().1;
    let between = |from: &str, to: &str| {
        let after = block.split_once(from).map(|(_, after)| after);
        plain(after.and_then(|a| a.split(to).next()).unwrap_or(""))
    };
    let (before, after) = block
        .split_once("<span class=\"sub\">À faire par ")
        .unwrap();
    Told {
        code: between("href=\"/erreurs/", "\""),
        field: between("mono\">", "</span>"),
        remedy: plain(before.rsplit('>').next().unwrap()),
        who: plain(after.split(".</span>").next().unwrap()),
    }
}

/// As an answer's head tells it.
fn in_answer(xml: &str) -> Told {
    let text = |name| plain(texts(xml, name).first().copied().unwrap_or(""));
    Told {
        code: text("Motif"),
        field: text("Champ"),
        remedy: text("Remede"),
        who: text("QuiAgit"),
    }
}

/// Without entities, nor the thin spaces that pages have.
fn plain(text: &str) -> String {
    let text = text.replace(['\u{202f}', '\u{a0}'], " ");
    let entities = [
        ("&#8239;", " "),
        ("&#38;", "&"),
        ("&amp;", "&"),
        ("&#39;", "'"),
    ];
    let text = entities
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to));
    text.trim().to_owned()
}

#[test]
fn every_refusal_says_the_same_on_a_page_and_in_an_answer() {
    let header = RequestHeader::default();
    let stamp = Stamp {
        request: &header,
        answered_at: Instant(START),
        reply_id: "",
        extracted_at: None,
    };
    let mut kept = String::from("code | return code | field | who, then the remedy\n");
    for code in codes::ALL {
        let refusal = Refusal::new(code)
            .on("ReferencePrise")
            .because("un cas précis");
        let html = RefusalView::from(&refusal).to_string();
        let head = Head::refused(&stamp, &refusal);
        let contract = &fci::messages::CONTRACT;
        let xml = contract.write_reply("deposerCommandeReponse", &head, &());
        let xml = xml.unwrap();
        let (page, answer) = (on_page(&html), in_answer(&xml));
        assert_eq!(page, answer);
        let number = texts(&xml, "CodeRetour")[0];
        assert_eq!(number, code.return_code.to_string());
        let Told {
            code,
            field,
            remedy,
            who,
        } = answer;
        let remedy = goldens::wrapped(&remedy);
        let _ = writeln!(kept, "{code} | {number} | {field} | {who}{remedy}");
    }
    goldens::check("crates/epissure/tests/it/goldens/refusals.txt", &kept);
}

#[tokio::test]
async fn the_page_of_a_code_gives_the_return_code_of_the_answers() {
    let house = house!();
    let mut browser = house.browser();
    for code in codes::ALL {
        let page = browser.get(&format!("/erreurs/{}", code.code)).await;
        assert_eq!(page.status, StatusCode::OK);
        let number = format!("<span class=\"mono\">{}</span></dd>", code.return_code);
        assert!(page.body.contains(&number), "{}", code.code);
    }
    house.close().await;
}

#[tokio::test]
async fn one_order_that_cannot_be_read_is_refused_alike_through_both_doors() {
    let house = house!();
    let order = order_at(&house.spot(Case::Buildable), "R-1");
    assert_eq!(house.place(HIRO, &order).await.code(), 0);
    let answer = house.place(HIRO, &order).await;
    assert_eq!((answer.code(), answer.text("Motif")), (100, "FIMP13"));
    let mut browser = house.sign_in("agent", HIRO).await;
    let mut fields: Vec<(&str, &str)> = order.pairs().collect();
    fields.push(("cle", "une-cle-neuve"));
    let page = browser.post("/commandes", &fields).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.body);
    assert_eq!(on_page(&page.body), in_answer(&answer.body));
    house.run_jobs().await;
    house.close().await;
}

#[tokio::test]
async fn who_asks_for_json_is_refused_in_json() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    for (asked, code) in [
        ("critere=texte&q=", "FIMP15"),
        ("critere=texte&q=%20", "FIMP15"),
        (&*format!("critere=texte&q={}", "a".repeat(400)), "FIMP16"),
        ("critere=immeuble&IdentifiantImmeuble=IMB%2F0", "FADR01"),
    ] {
        let page = browser.get(&format!("/eligibilite?{asked}")).await;
        let json = browser
            .get(&format!("/eligibilite?{asked}&format=json"))
            .await;
        assert!(json.status.is_client_error(), "{asked}: {}", json.status);
        let told: serde_json::Value = serde_json::from_str(&json.body).unwrap();
        assert_eq!(told["code"], code, "{asked}: {told}");
        for name in ["message", "remedy", "who"] {
            let text = told[name].as_str().unwrap();
            assert!(!text.is_empty(), "{asked}: no {name}");
        }
        if page.body.contains("class=\"note bad\"") {
            let remedy = plain(told["remedy"].as_str().unwrap());
            assert_eq!(on_page(&page.body).remedy, remedy, "{asked}");
        }
    }
    house.close().await;
}

#[tokio::test]
async fn a_lot_is_answered_as_its_questions_one_by_one() {
    let house = house!();
    let cases = [
        Case::Buildable,
        Case::OnDemand,
        Case::FreePto,
        Case::HeldByAnother,
        Case::HeldByItself,
        Case::OpensLater,
        Case::NotHandedOver,
        Case::NotPresent,
        Case::FrozenPm,
        Case::Saturated,
        Case::SharedAddress,
    ];
    let mut orders: Vec<PlaceOrder> = cases
        .iter()
        .map(|case| order_at(&house.spot(*case), &format!("{case:?}")))
        .collect();
    let absent = order_at(&house.spot(Case::Buildable), "absent");
    orders.push(absent.with("IdentifiantImmeuble", "IMB/00000/X/0000"));
    orders.push(PlaceOrder::from_pairs([("Batiment", "A")]));

    let contract = &eligibility::messages::CONTRACT;
    let answer = house.eligibility_lot(HIRO, &orders).await;
    assert_eq!(answer.code(), 0, "{}", answer.body);
    let envelope = contract.accept(&answer.body).unwrap();
    let lot: LotTested = envelope.body().unwrap();
    assert_eq!(lot.results.len(), orders.len());
    let mut codes = BTreeSet::new();
    for ((result, order), rank) in lot.results.iter().zip(&orders).zip(1..) {
        assert_eq!(result.rank, rank);
        assert_eq!(result.mark.as_deref(), order.given(REFERENCE));
        let alone = house.eligibility(HIRO, order).await;
        assert_eq!(result.code, alone.code(), "{order:?}");
        if result.code != 0 {
            let motive = result.motive.as_deref();
            assert_eq!(motive, Some(alone.text("Motif")), "{order:?}");
        }
        let tested: EligibilityTested = contract.accept(&alone.body).unwrap().body().unwrap();
        assert_eq!(result.buildings, tested.buildings, "{order:?}");
        codes.insert(result.code);
    }
    assert!(codes.len() >= 2, "{codes:?}");
    assert!(!answer.text("DateExtraction").is_empty());
    house.close().await;
}

#[tokio::test]
async fn a_lot_has_one_to_a_hundred_questions() {
    let house = house!();
    let one = order_at(&house.spot(Case::Buildable), "R-1");
    for (questions, code) in [(0, 1), (1, 0), (100, 0), (101, 3)] {
        let answer = house
            .eligibility_lot(HIRO, &vec![one.clone(); questions])
            .await;
        assert_eq!(answer.code(), code, "{questions}: {}", answer.body);
        let results = if code == 0 { questions } else { 0 };
        assert_eq!(answer.all("Resultat").len(), results);
    }
    house.close().await;
}
